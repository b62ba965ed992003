"""Architectures at random: layers of every type, joined in lines and branches, whether they fit or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Layer = dict[str, Any]
ACTIVATIONS = (None, "relu", "tanh", "softmax", "linear", "gelu")
INITIALIZERS = ("glorot_uniform", "random_uniform", "he_normal", "zeros", "ones", "orthogonal")
REGULARIZERS = (None, "l1", "l2", "l1_l2", {"name": "l2", "l2": 0.001}, {"name": "l1_l2", "l1": 0.1, "l2": 0.2})


class Chance:
    """Draws from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        """low to high, both among them."""
        return int(self._random.integers(low, high + 1))

    def one_of(self, options: Any) -> Any:
        """Any of them, equally often."""
        return options[self.whole(0, len(options) - 1)]

    def sides(self, rank: int, high: int) -> int | list[int]:
        """One number for all sides, or one for each."""
        return self.whole(1, high) if self.whole(0, 1) else [self.whole(1, high) for _ in range(rank)]


def random_architecture(seed: int) -> tuple[tuple[int, int, int], list[Layer]]:
    """An input shape (H, W, C), and layers."""
    chance = Chance(seed)
    shape = (chance.whole(3, 14), chance.whole(3, 14), chance.one_of((1, 3)))
    # Only on images, where it belongs: Keras takes a batch of matrices for one image, and validation does not.
    layers: list[Layer] = [{**_augmentation(chance), "name": "augmentation"}] if chance.whole(0, 3) == 0 else []
    for position in range(chance.whole(1, 7)):
        layer = LAYERS[chance.whole(0, len(LAYERS) - 1)](chance)
        layer["name"] = f"layer{position}"
        if layer["type"] in ("add", "concatenate"):
            # Two branches from one place, so that merging has something to merge.
            source = layers[-1]["name"] if layers else "input"
            for branch in "ab":
                layers.append({**_branch(chance), "name": f"{layer['name']}{branch}", "inputs": [source]})
            layer["inputs"] = [f"{layer['name']}a", f"{layer['name']}b"]
            if chance.whole(0, 2) == 0:
                layer["inputs"].append(source)
        if layer["type"][-2:] in ("1d", "3d") and chance.whole(0, 3):
            # Otherwise nearly all of these would stand on an image, and be refused.
            target = chance.one_of(([-1, 1], [-1, 3])) if layer["type"][-2:] == "1d" else [2, -1, 1, 1]
            layers.append({"type": "reshape", "target_shape": target, "name": f"to{layer['name']}"})
        layers.append(layer)
    return shape, layers


def _branch(chance: Chance) -> Layer:
    kind = chance.whole(0, 2)
    if kind == 0:
        return {"type": "conv2d", "filters": chance.one_of((2, 2, 3)), "kernel_size": 3, "padding": "same"}
    if kind == 1:
        return {"type": "activation", "activation": "relu"}
    return {"type": "dense", "units": chance.one_of((1, 2, 3))}


def _common(chance: Chance) -> Layer:
    return {
        "activation": chance.one_of(ACTIVATIONS),
        "use_bias": bool(chance.whole(0, 1)),
        "kernel_initializer": chance.one_of(INITIALIZERS),
        "kernel_regularizer": chance.one_of(REGULARIZERS),
    }


def _strides_or_dilation(chance: Chance, rank: int) -> Layer:
    kind = chance.whole(0, 2)
    if kind == 0:
        return {}
    return {("strides" if kind == 1 else "dilation_rate"): chance.sides(rank, 3)}


def _convolution(rank: int) -> Callable[[Chance], Layer]:
    def draw(chance: Chance) -> Layer:
        return {
            "type": f"conv{rank}d",
            "filters": chance.whole(1, 4),
            "kernel_size": chance.sides(rank, 4),
            "padding": chance.one_of(("valid", "same", "causal") if rank == 1 else ("valid", "same")),
            **_strides_or_dilation(chance, rank),
            **_common(chance),
        }

    return draw


def _depthwise(chance: Chance) -> Layer:
    separable = bool(chance.whole(0, 1))
    return {
        "type": "separable_conv2d" if separable else "depthwise_conv2d",
        **({"filters": chance.whole(1, 4)} if separable else {}),
        "kernel_size": chance.sides(2, 3),
        "padding": chance.one_of(("valid", "same")),
        "depth_multiplier": chance.whole(1, 3),
        "use_bias": bool(chance.whole(0, 1)),
        **({"strides": chance.whole(1, 2)} if chance.whole(0, 1) else {"dilation_rate": chance.sides(2, 2)}),
    }


def _transposed(chance: Chance) -> Layer:
    return {
        "type": "conv2d_transpose",
        "filters": chance.whole(1, 3),
        "kernel_size": chance.sides(2, 4),
        "strides": chance.sides(2, 3),
        "padding": chance.one_of(("valid", "same")),
        **_common(chance),
    }


def _pooling(rank: int) -> Callable[[Chance], Layer]:
    def draw(chance: Chance) -> Layer:
        return {
            "type": f"{chance.one_of(('max', 'average'))}_pooling{rank}d",
            "pool_size": chance.sides(rank, 3),
            "padding": chance.one_of(("valid", "same")),
            **({"strides": chance.sides(rank, 3)} if chance.whole(0, 1) else {}),
        }

    return draw


def _global_pooling(chance: Chance) -> Layer:
    rank = chance.one_of((1, 2, 2, 3))
    return {
        "type": f"global_{chance.one_of(('max', 'average'))}_pooling{rank}d",
        "keepdims": bool(chance.whole(0, 1)),
    }


def _reshape(chance: Chance) -> Layer:
    targets = ([-1], [-1, 1], [1, -1], [-1, 2], [-1, 1, 1], [3, -1, 1], [2, 2, -1], [1, -1, 1, 1], [-1, 2, 1, 1], [36])
    return {"type": "reshape", "target_shape": chance.one_of(targets)}


def _normalization(chance: Chance) -> Layer:
    flags = {"center": bool(chance.whole(0, 1)), "scale": bool(chance.whole(0, 1))}
    if chance.whole(0, 1):
        return {"type": "batch_normalization", **flags}
    return {"type": "layer_normalization", "axis": chance.one_of((-1, 1, [-1], [-2, -1], [1, 2, 3], [-3, -1])), **flags}


def _augmentation(chance: Chance) -> Layer:
    return chance.one_of(
        (
            {"type": "random_flip"},
            {"type": "random_translation", "height_factor": 0.1, "width_factor": [-0.2, 0.1]},
            {"type": "random_rotation", "factor": 0.1},
            {"type": "random_zoom", "height_factor": 0.2},
            {"type": "random_contrast", "factor": 0.3},
        )
    ).copy()


LAYERS: tuple[Callable[[Chance], Layer], ...] = (
    _convolution(2),
    _convolution(2),
    _convolution(1),
    _convolution(3),
    _depthwise,
    _transposed,
    _pooling(2),
    _pooling(2),
    _pooling(1),
    _pooling(3),
    _global_pooling,
    _global_pooling,
    _reshape,
    _reshape,
    _normalization,
    lambda chance: {"type": "dense", "units": chance.whole(1, 5), **_common(chance)},
    lambda _: {"type": "flatten"},
    lambda _: {"type": "dropout", "rate": 0.5},
    lambda _: {"type": "spatial_dropout2d", "rate": 0.5},
    lambda _: {"type": "activation", "activation": "relu"},
    lambda chance: {"type": "re_lu", "max_value": chance.one_of((None, 6.0))},
    lambda _: {"type": "leaky_re_lu"},
    lambda chance: {"type": "zero_padding2d", "padding": chance.one_of((1, [1, 2], [[0, 1], [2, 0]]))},
    lambda chance: {"type": "up_sampling2d", "size": chance.sides(2, 2)},
    lambda _: {"type": "add"},
    lambda _: {"type": "concatenate"},
)
