"""The part of an image that a unit sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Neither of the colours that an image's own background is likely to have.
OUTSIDE = 128
Edges = tuple[int, int, int, int]


def cut_patches(images: NDArray[np.uint8], windows: Sequence[Edges]) -> NDArray[np.uint8]:
    """The windows of images (n, H, W, C), each (top, left, bottom, right), as (n, h, w, C), as large as the largest.

    What lies outside the image is grey. Along a side on which a window is as long as the image, all of it is shown.
    """
    *_, height, width, channels = images.shape
    rows = [_places(top, bottom, height) for top, _, bottom, _ in windows]
    columns = [_places(left, right, width) for _, left, _, right in windows]
    shape = (max(map(len, rows)), max(map(len, columns)), channels)
    patches = np.full((len(images), *shape), OUTSIDE, np.uint8)
    # A border of grey, so that every place outside has a pixel to be taken from.
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=OUTSIDE)
    for patch, image, down, across in zip(patches, framed, rows, columns, strict=True):
        seen = image[np.clip(down + 1, 0, height + 1)][:, np.clip(across + 1, 0, width + 1)]
        patch[: len(down), : len(across)] = seen
    return patches


def fade_around(images: NDArray[np.uint8], boxes: Sequence[Edges]) -> NDArray[np.uint8]:
    """Images (n, H, W, C) in which what is outside of each one's box is half as strong, towards grey."""
    faded: NDArray[Any] = ((images.astype(np.uint16) + OUTSIDE) // 2).astype(np.uint8)
    for image, original, (top, left, bottom, right) in zip(faded, images, boxes, strict=True):
        image[top:bottom, left:right] = original[top:bottom, left:right]
    return faded


def _places(first: int, end: int, size: int) -> NDArray[np.int64]:
    return np.arange(size) if end - first >= size else np.arange(first, end)
