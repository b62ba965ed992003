"""Which two-dimensional slices of a kernel or an activation are drawn."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnservice.errors import FieldError, InvalidError


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


def kernel_slices(kernel: NDArray[Any], *, channel: int | Literal["all"]) -> NDArray[np.float32]:
    """The filters of a kernel (H, W, C_in, C_out) as (n, H, W) float32.

    A channel gives one slice a filter, at that input channel; "all" gives C_in * C_out slices in the order of
    kernel.reshape(H, W, C_in * C_out).
    Raises ChannelOutOfRange.
    """
    height, width, channels, _ = kernel.shape
    if channel == "all":
        chosen = kernel.reshape(height, width, -1)
    elif 0 <= channel < channels:
        chosen = kernel[:, :, channel]
    else:
        raise ChannelOutOfRange(channel, channels)
    return _channels_first(chosen)


def feature_map_slices(activation: NDArray[Any]) -> NDArray[np.float32]:
    """An activation (H, W, C) as (C, H, W) float32; a flat one (units,) as (units, 1, 1)."""
    return _channels_first(activation[None, None] if activation.ndim == 1 else activation)


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


def _channels_first(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.moveaxis(array, -1, 0), dtype=np.float32)
