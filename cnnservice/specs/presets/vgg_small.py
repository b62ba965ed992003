"""A small network in the manner of VGG. Source: arXiv 1409.1556."""

from __future__ import annotations

from collections.abc import Iterator

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.dropout import Dropout
from cnnservice.specs.layers.pooling import MaxPooling2D
from cnnservice.specs.layers.reshaping import Flatten
from cnnservice.specs.layers.union import AnyLayer


def vgg_small(_input_shape: Shape, classes: int) -> Architecture:
    """Pairs of 3x3 convolutions of 32, 64 and 128 filters, each pair halved by pooling."""
    return Architecture(
        layers=(
            *_block(1, 32),
            *_block(2, 64),
            *_block(3, 128),
            Flatten(name="flatten"),
            Dense(name="fc1", units=128, activation="relu", kernel_initializer="he_normal"),
            Dropout(name="dropout", rate=0.5),
            Dense(name="predictions", units=classes, activation="softmax"),
        )
    )


def _block(number: int, filters: int) -> Iterator[AnyLayer]:
    for part in (1, 2):
        yield Conv2D(
            name=f"block{number}_conv{part}",
            filters=filters,
            kernel_size=(3, 3),
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
        )
    yield MaxPooling2D(name=f"block{number}_pool")
