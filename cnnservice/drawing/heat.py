"""Numbers over an image as heat: alone, or laid over the image that they are about."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.normalize import levels

Polarity = Literal["signed", "absolute", "positive"]

# The image below is greyed, so that strokes are seen through the heat and heat is seen on strokes.
_DARKEST, _BRIGHTEST = 40, 215
_STRONGEST_COVER, _COVER_POWER = 0.85, 0.75


def suitable_polarity(*, signed: bool) -> Polarity:
    """How values count where nothing else is said, by whether their sign says for or against."""
    return "signed" if signed else "absolute"


def suitable_cmap(polarity: Polarity) -> str:
    """A colormap with 0 in its middle for signed values, else one that begins dark."""
    return "bwr" if polarity == "signed" else "inferno"


def taken(values: NDArray[np.float32], polarity: Polarity) -> NDArray[np.float32]:
    """Values as they count: with their sign, by their distance from 0, or only those above 0."""
    match polarity:
        case "signed":
            return values
        case "absolute":
            return np.abs(values)
        case "positive":
            return np.maximum(values, 0)


def one_plane(values: NDArray[np.float32], *, signed: bool) -> NDArray[np.float32]:
    """Values (H, W, C) as one plane (H, W): their sum where signs count, else what is furthest from 0."""
    if signed:
        total: NDArray[np.float32] = values.sum(axis=-1)
        return total
    furthest = np.abs(values).argmax(axis=-1)[..., np.newaxis]
    return np.take_along_axis(values, furthest, axis=-1)[..., 0]


def heat(values: NDArray[np.float32], polarity: Polarity, *, clip: float, cmap: str) -> NDArray[np.uint8]:
    """The colours (..., 3) of values (n, H, W) that are taken already, each slice by its own range.

    The range reaches to the percentile `clip` of the distances from 0, so that a few outliers do not leave all else
    pale. Of signed values 0 is the colormap's middle, else its beginning. Raises UnknownColormap.
    """
    return colormap(cmap)[levels(_unit(values, polarity, clip))]


def overlay(
    image: NDArray[np.uint8], values: NDArray[np.float32], polarity: Polarity, *, clip: float, cmap: str
) -> NDArray[np.uint8]:
    """Heat (n, H, W, 3) over an image (H, W, C), which is seen wherever the values are near 0. See heat."""
    unit = _unit(values, polarity, clip)
    strength = (np.abs(2 * unit - 1) if polarity == "signed" else unit)[..., np.newaxis]
    cover = _STRONGEST_COVER * strength**_COVER_POWER
    ground = _DARKEST + (_BRIGHTEST - _DARKEST) / 255 * image.astype(np.float32)
    coloured = colormap(cmap)[levels(unit)]
    return np.rint((1 - cover) * ground + cover * coloured).astype(np.uint8)


def _unit(values: NDArray[np.float32], polarity: Polarity, clip: float) -> NDArray[np.float32]:
    limit = np.percentile(np.abs(values), clip, axis=(1, 2), keepdims=True)
    # Of a map that is 0 nearly everywhere the percentile is 0.
    limit = np.where(limit > 0, limit, np.abs(values).max(axis=(1, 2), keepdims=True))
    scaled = np.clip(np.divide(values, limit, out=np.zeros_like(values), where=limit > 0), -1, 1)
    unit: NDArray[np.float32] = (scaled + 1) / 2 if polarity == "signed" else scaled
    return unit
