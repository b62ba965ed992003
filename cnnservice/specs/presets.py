"""Architectures that ship, by name."""

from __future__ import annotations

from cnnservice.errors import InvalidError
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.core import Dense, Flatten
from cnnservice.specs.layers.pooling import MaxPooling2D


class UnknownPreset(InvalidError):
    """No architecture of that name ships."""

    code = "unknown-preset"
    title = "Unknown architecture"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no architecture {name!r}; known: {', '.join(sorted(PRESETS))}. "
            'Or describe one: {"layers": [{"type": "conv2d", …}, …]}.'
        )


def _two_convolutions(second_filters: int) -> Architecture:
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
            Dense(name="FC2", units=10, activation="sigmoid", kernel_initializer=uniform),
        )
    )


PRESETS: dict[str, Architecture] = {
    "cnn": _two_convolutions(64),
    "cnn_two_filters": _two_convolutions(2),
}


def preset(name: str) -> Architecture:
    """The architecture of that name. Raises UnknownPreset."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPreset(name) from None
