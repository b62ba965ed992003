"""The notebook's network without convolutions, for comparison."""

from __future__ import annotations

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.reshaping import Flatten


def mlp(_input_shape: Shape, classes: int) -> Architecture:
    """Dense layers of 64 and 32 units over the pixels."""
    return Architecture(
        layers=(
            Flatten(name="Flatten"),
            Dense(name="FC1", units=64, activation="relu"),
            Dense(name="FC2", units=32, activation="relu"),
            Dense(name="FC3", units=classes, activation="softmax"),
        )
    )
