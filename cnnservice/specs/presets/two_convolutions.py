"""The notebook's network."""

from __future__ import annotations

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.pooling import MaxPooling2D
from cnnservice.specs.layers.reshaping import Flatten


def cnn(_input_shape: Shape, classes: int) -> Architecture:
    """Two convolutions, of 32 and 64 filters."""
    return _two_convolutions(64, classes)


def cnn_two_filters(_input_shape: Shape, classes: int) -> Architecture:
    """The same with 2 filters in the second, whose kernel is then exactly 64 slices."""
    return _two_convolutions(2, classes)


def _two_convolutions(second_filters: int, classes: int) -> Architecture:
    uniform = "random_uniform"
    return Architecture(
        layers=(
            Conv2D(name="Conv1", filters=32, kernel_size=(5, 5), activation="relu", kernel_initializer=uniform),
            MaxPooling2D(name="MaxPool1", pool_size=(2, 2), strides=(2, 2)),
            Conv2D(
                name="Conv2",
                filters=second_filters,
                kernel_size=(5, 5),
                activation="relu",
                kernel_initializer=uniform,
            ),
            MaxPooling2D(name="MaxPool2", pool_size=(2, 2), strides=(2, 2)),
            Flatten(name="Flatten"),
            Dense(name="FC1", units=100, activation="relu", kernel_initializer=uniform),
            Dense(name="FC2", units=classes, activation="sigmoid", kernel_initializer=uniform),
        )
    )
