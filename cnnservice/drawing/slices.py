"""Which two-dimensional slices of a kernel or an activation are drawn.

The kernel of each layer type is brought to (H, W, C_in, filters); from there on all are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnservice.errors import FieldError, InvalidError

Channel = int | Literal["all"] | None
Array = NDArray[Any]

_COLOURS = 3


class ChannelOutOfRange(InvalidError):
    """The kernel has no such input channel."""

    code = "channel-out-of-range"
    title = "Channel out of range"

    def __init__(self, channel: int, channels: int) -> None:
        allowed = "0" if channels == 1 else f"0..{channels - 1}"
        detail = f"channel is {channel}; this kernel has {channels} input channel(s): {allowed} or 'all' is allowed."
        super().__init__(detail, errors=(FieldError("?channel", detail),))


class SliceOutOfRange(InvalidError):
    """More slices, or later ones, are asked for than there are."""

    code = "slice-out-of-range"
    title = "Slice out of range"

    def __init__(self, parameter: Literal["start", "count", "sample"], value: int, *, allowed: range) -> None:
        detail = f"{parameter} is {value}; {allowed.start}..{allowed.stop - 1} is allowed."
        super().__init__(detail, errors=(FieldError(f"?{parameter}", detail),))


class UnknownWeight(InvalidError):
    """The layer has no kernel of that name."""

    code = "unknown-weight"
    title = "Unknown weight"

    def __init__(self, weight: str, kind: str) -> None:
        known = ", ".join(drawable_weights(kind)) or "none"
        detail = f"weight is {weight!r}; the kernels of a {kind} that can be drawn: {known}."
        super().__init__(detail, errors=(FieldError("?weight", detail),))


def drawable_weights(kind: str) -> tuple[str, ...]:
    """Names of the kernels of a layer type that can be drawn, the one drawn by default first; empty for other types."""
    return tuple(_KERNELS.get(kind, ()))


def weight_name(kind: str, weight: str | None) -> str:
    """The name of the kernel to draw: weight, or the layer type's first.

    Raises UnknownWeight, also for a layer type without kernels.
    """
    known = drawable_weights(kind)
    if weight is None and known:
        return known[0]
    if weight not in known:
        raise UnknownWeight(str(weight), kind)
    return weight


def kernel_slices(
    kernel: Array,
    *,
    channel: Channel = None,
    kind: str = "conv2d",
    weight: str | None = None,
    image_shape: Sequence[int] | None = None,
) -> NDArray[np.float32]:
    """The filters of a layer's kernel as (n, H, W) float32, or (n, H, W, 3) where a filter is seen in colour.

    kind is the layer's type, weight the kernel's name (the type's first when None). A channel gives one slice a
    filter, at that input channel; "all" gives C_in * filters slices in the order of reshape(H, W, C_in * filters);
    None is what suits the kind:

    - conv2d, conv2d_transpose: channel 0. conv1d: the same, a slice being (1, k).
    - conv3d: channel 0; a slice is the filter's D planes side by side, (H, D * W); see kernel_planes.
    - depthwise_conv2d, depthwise_kernel: all, because every input channel has filters of its own.
    - dense: a unit a slice. Where image_shape (H, W, C) says that it reads the pixels of images, the slice is that
      image, in colour for C = 3; its channels can be chosen as those of a kernel as large as the image. Otherwise
      the slice is the most nearly square grid of its inputs, rows <= columns, and there is channel 0 alone.
    - pointwise_kernel: a filter a slice, the weights of its inputs as the most nearly square grid.

    Raises UnknownWeight, ChannelOutOfRange.
    """
    name = weight_name(kind, weight)
    return _KERNELS[kind][name](kernel, channel, image_shape)


def kernel_planes(kernel: Array) -> int:
    """How many planes stand side by side in a slice: the depth of a conv3d kernel (D, H, W, C_in, filters), else 1."""
    return int(kernel.shape[0]) if kernel.ndim == 5 else 1


def feature_map_slices(activation: Array) -> NDArray[np.float32]:
    """An activation (H, W, C) as (C, H, W) float32, in one piece.

    (units,) as (units, 1, 1); (steps, C) as (C, 1, steps); (D, H, W, C) as (C, H, D * W), planes side by side.
    """
    match activation.ndim:
        case 1:
            return _channels_first(activation[np.newaxis, np.newaxis])
        case 2:
            return _channels_first(activation[np.newaxis])
        case 4:
            return _channels_first(_side_by_side(activation))
        case _:
            return _channels_first(activation)


def feature_map_planes(activation: Array) -> int:
    """How many planes stand side by side in a slice: the depth of an activation (D, H, W, C), else 1."""
    return int(activation.shape[0]) if activation.ndim == 4 else 1


def choose(
    n: int, *, start: int = 0, count: int | None = None, sample: int | None = None, seed: int = 0
) -> NDArray[np.int64]:
    """Indices of the slices drawn, of n: count from start (all from there when None), or sample at random.

    The random ones are distinct and in the order np.random.default_rng(seed).choice gives them.
    Raises SliceOutOfRange.
    """
    if sample is not None:
        _check("sample", sample, range(1, n + 1))
        return np.random.default_rng(seed).choice(n, size=sample, replace=False)
    _check("start", start, range(n))
    if count is None:
        return np.arange(start, n)
    _check("count", count, range(1, n - start + 1))
    return np.arange(start, start + count)


def _check(parameter: Literal["start", "count", "sample"], value: int, allowed: range) -> None:
    if value not in allowed:
        raise SliceOutOfRange(parameter, value, allowed=allowed)


def _convolution(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    return _at(kernel, 0 if channel is None else channel)


def _sequence(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    return _convolution(kernel[np.newaxis], channel, _)


def _volume(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    return _convolution(_side_by_side(kernel), channel, _)


def _transposed(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    # Keras keeps (H, W, filters, C_in), the kernel of the convolution that this one undoes.
    return _convolution(kernel.swapaxes(2, 3), channel, _)


def _depthwise(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    return _at(kernel, "all" if channel is None else channel)


def _pointwise(kernel: Array, channel: Channel, _: Sequence[int] | None) -> NDArray[np.float32]:
    return _dense(kernel[0, 0], None, None) if channel is None else _at(kernel, channel)


def _dense(kernel: Array, channel: Channel, image_shape: Sequence[int] | None) -> NDArray[np.float32]:
    inputs, units = kernel.shape
    if image_shape is None:
        return _convolution(kernel.reshape(*_square(inputs), 1, units), channel, None)
    pixels = kernel.reshape(*image_shape, units)
    if channel is None and image_shape[-1] == _COLOURS:
        return np.ascontiguousarray(np.moveaxis(pixels, -1, 0), dtype=np.float32)
    return _convolution(pixels, channel, None)


def _at(kernel: Array, channel: int | Literal["all"]) -> NDArray[np.float32]:
    """Filters of (H, W, C_in, filters) at one input channel, or at all."""
    height, width, channels, _ = kernel.shape
    if channel == "all":
        return _channels_first(kernel.reshape(height, width, -1))
    if not 0 <= channel < channels:
        raise ChannelOutOfRange(channel, channels)
    return _channels_first(kernel[:, :, channel])


def _side_by_side(volume: Array) -> Array:
    """(D, H, W, …) as (H, D * W, …), plane after plane."""
    depth, height, width, *rest = volume.shape
    return np.moveaxis(volume, 0, 1).reshape(height, depth * width, *rest)


def _channels_first(array: Array) -> NDArray[np.float32]:
    """(H, W, n) as (n, H, W) float32, each slice in one piece."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 0), dtype=np.float32)


def _square(count: int) -> tuple[int, int]:
    """The most nearly square rows <= columns that make count."""
    rows = next(divisor for divisor in range(isqrt(count), 0, -1) if count % divisor == 0)
    return rows, count // rows


_KERNELS: Mapping[str, Mapping[str, Callable[[Array, Channel, Sequence[int] | None], NDArray[np.float32]]]] = {
    "conv1d": {"kernel": _sequence},
    "conv2d": {"kernel": _convolution},
    "conv3d": {"kernel": _volume},
    "conv2d_transpose": {"kernel": _transposed},
    "depthwise_conv2d": {"kernel": _depthwise},
    "separable_conv2d": {"depthwise_kernel": _depthwise, "pointwise_kernel": _pointwise},
    "dense": {"kernel": _dense},
}
