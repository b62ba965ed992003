"""What the filters of a layer are, and which of them say the same or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.specs.architecture import Summary

Array = NDArray[Any]

# Two float32 kernels that are multiples of each other have a cosine this near to 1.
_ROUNDING = 1e-12
# Cosines held at once: 32 MB.
_COSINES = 1 << 22
# Layers that keep the channels of what they read apart, each in its place.
_KEEPS_CHANNELS = frozenset({"batch_normalization", "activation", "re_lu", "relu", "leaky_re_lu", "leaky_relu"})
# Layers that lay out, repeat or leave out what they read.
_PASSES_ON = frozenset(
    {
        "flatten", "reshape", "zero_padding2d", "up_sampling2d", "dropout", "spatial_dropout2d", "random_flip",
        "random_translation", "random_rotation", "random_zoom", "random_contrast",
    }
)  # fmt: skip


@dataclass(frozen=True)
class DuplicateFilters:
    """Filters, two or more, whose kernels point the same way.

    Each reaches every other over pairs as similar as was asked; similarity is the least cosine of these pairs. Two
    filters that only others join may differ more.
    """

    filters: tuple[int, ...]
    similarity: float


def has_filters(kind: str) -> bool:
    """Whether layers of this type have kernels, one for each channel of their output."""
    return kind in _FILTERS


def has_units(kind: str) -> bool:
    """Whether layers of this type make numbers of their own, or choose some: kernels, poolings, activations, sums."""
    return kind not in _PASSES_ON


def filter_matrix(kind: str, weights: Mapping[str, Array]) -> NDArray[np.float64]:
    """The kernels of a layer as rows (filters, weights of one), in the order of the output's channels.

    weights are the layer's arrays by name. Of a separable convolution a row is as long as, and at the same angles to
    the others as, the kernel over all input channels that depthwise and pointwise kernel make together.
    """
    return np.ascontiguousarray(_FILTERS[kind](weights), dtype=np.float64)


def zero_filters(matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the rows of (filters, weights) that are zero throughout, and so have no direction."""
    return np.flatnonzero(~matrix.any(axis=1))


def duplicate_filters(matrix: NDArray[np.float64], threshold: float) -> list[DuplicateFilters]:
    """Groups of the rows of (filters, weights) that pairs with a cosine of threshold, above 0, or more connect.

    In the order of their first filters. Rows that are zero, or not finite, have no direction and are in no group. At
    threshold 1 kernels are grouped that are positive multiples of each other, up to the rounding of float32.
    """
    count = len(matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        directions = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    # Each filter's group goes by its least member, which is at first itself.
    groups, least = np.arange(count), np.full(count, np.inf)
    rows = max(1, _COSINES // count)
    for start in range(0, count, rows):
        with np.errstate(invalid="ignore"):
            cosines = np.minimum(directions[start : start + rows] @ directions[start:].T, 1.0)
        similar = np.triu(cosines >= threshold * (1 - _ROUNDING), k=1)
        for row in np.flatnonzero(similar.any(axis=1)).tolist():
            (others,) = np.nonzero(similar[row])
            least[start + row] = cosines[row, others].min()
            joined = np.unique(groups[[start + row, *(start + others)]])
            if len(joined) > 1:
                groups[np.isin(groups, joined)] = joined[0]
    names, sizes = np.unique(groups, return_counts=True)
    members = [np.flatnonzero(groups == name) for name in names[sizes > 1]]
    return [DuplicateFilters(tuple(filters.tolist()), float(least[filters].min())) for filters in members]


def outputs_of_filters(summary: Summary, layer: str) -> tuple[str, ...]:
    """The layers in whose output each channel is still one filter of a layer's: first the layer itself.

    Then the batch_normalization and activation layers after it, for as long as nothing else reads what they read.
    """
    outputs = [layer]
    while True:
        readers = [other for other in summary.layers if outputs[-1] in other.inputs]
        if len(readers) != 1 or readers[0].type not in _KEEPS_CHANNELS:
            return tuple(outputs)
        outputs.append(readers[0].name)


def _last_axis(weights: Mapping[str, Array]) -> Array:
    kernel = weights["kernel"]
    return kernel.reshape(-1, kernel.shape[-1]).T


def _transposed(weights: Mapping[str, Array]) -> Array:
    # (H, W, filters, C_in)
    kernel = np.moveaxis(weights["kernel"], -2, 0)
    return kernel.reshape(len(kernel), -1)


def _depthwise(weights: Mapping[str, Array]) -> Array:
    height, width, channels, multiplier = weights["kernel"].shape
    return weights["kernel"].reshape(height * width, channels * multiplier).T


def _separable(weights: Mapping[str, Array]) -> Array:
    """(filters, C_in * k), k the smaller of H * W and the multiplier.

    The effective kernel at channel c is depthwise[c] @ pointwise[c], of shape (H * W, filters), which with all
    channels may be far larger than both. With depthwise[c] = q @ r, q orthonormal, r @ pointwise[c] has the same
    lengths and angles.
    """
    height, width, channels, multiplier = weights["depthwise_kernel"].shape
    depthwise = weights["depthwise_kernel"].astype(np.float64).reshape(height * width, channels, multiplier)
    pointwise = weights["pointwise_kernel"].reshape(channels, multiplier, -1)
    triangles = np.linalg.qr(depthwise.swapaxes(0, 1), mode="r")
    kernels: Array = np.einsum("ckm,cmf->fck", triangles, pointwise, optimize=True)
    return kernels.reshape(len(kernels), -1)


_FILTERS: Mapping[str, Callable[[Mapping[str, Array]], Array]] = {
    "conv1d": _last_axis,
    "conv2d": _last_axis,
    "conv3d": _last_axis,
    "dense": _last_axis,
    "conv2d_transpose": _transposed,
    "depthwise_conv2d": _depthwise,
    "separable_conv2d": _separable,
}
