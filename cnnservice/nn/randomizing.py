"""Weights as before any training, but at random anew. Source: arXiv 1810.03292, section 3.1."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def randomize(layer: keras.Layer, seed: int) -> None:
    """Give a layer weights drawn as its initializers draw them, by this seed; what begins as 0 or 1 does so again."""
    layer.set_weights([_drawn(layer, variable, seed) for variable in layer.weights])


def layers_from_the_top(model: keras.Model) -> list[keras.Layer]:
    """The layers that have weights, the last one first."""
    return [layer for layer in reversed(model.layers) if layer.weights]


def _drawn(layer: keras.Layer, variable: keras.Variable, seed: int) -> NDArray[Any]:
    # pointwise_kernel has a pointwise_initializer; a depthwise layer's kernel has the name of any other.
    names = (variable.name, variable.name.removesuffix("_kernel"), "depthwise")
    initializer = next(getattr(layer, f"{name}_initializer") for name in names if hasattr(layer, f"{name}_initializer"))
    config = initializer.get_config()
    if "seed" in config:
        # Not the one it had: with a seed of its own the same weights would be drawn again.
        config["seed"] = seed
    return np.asarray(type(initializer).from_config(config)(variable.shape, dtype=variable.dtype))
