"""LeNet-5. Source: LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998)."""

from __future__ import annotations

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.pooling import AveragePooling2D
from cnnservice.specs.layers.reshaping import Flatten

# The paper's images are 32x32, MNIST's padded; smaller ones are padded by the first convolution.
_PAPERS_SIDE = 32


def lenet5(input_shape: Shape, classes: int) -> Architecture:
    """With the layer names of the paper's figure 2, every map joined to all of the layer before, and a softmax."""
    padding = "same" if min(input_shape[:2]) < _PAPERS_SIDE else "valid"
    return Architecture(
        layers=(
            Conv2D(name="C1", filters=6, kernel_size=(5, 5), padding=padding, activation="tanh"),
            AveragePooling2D(name="S2"),
            Conv2D(name="C3", filters=16, kernel_size=(5, 5), activation="tanh"),
            AveragePooling2D(name="S4"),
            Flatten(name="Flatten"),
            Dense(name="C5", units=120, activation="tanh"),
            Dense(name="F6", units=84, activation="tanh"),
            Dense(name="Output", units=classes, activation="softmax"),
        )
    )
