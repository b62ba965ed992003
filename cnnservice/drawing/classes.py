"""Colours by which classes are told apart."""

from __future__ import annotations

from colorsys import hls_to_rgb

import numpy as np
from numpy.typing import NDArray

# Tableau's ten, as matplotlib's tab10 has them.
_TEN = ["1f77b4", "ff7f0e", "2ca02c", "d62728", "9467bd", "8c564b", "e377c2", "7f7f7f", "bcbd22", "17becf"]
# By the golden ratio, hues that follow each other are far apart.
_TURN = 0.618034
_LIGHTNESSES = (0.42, 0.6, 0.3)


def class_colours(classes: int) -> NDArray[np.uint8]:
    """A colour for each class, (classes, 3) uint8: of up to ten well apart, of more as far as there is room."""
    if classes <= len(_TEN):
        return np.array([list(bytes.fromhex(colour)) for colour in _TEN[:classes]], np.uint8)
    made = [
        hls_to_rgb(number * _TURN % 1.0, _LIGHTNESSES[number % len(_LIGHTNESSES)], 0.7) for number in range(classes)
    ]
    colours: NDArray[np.uint8] = np.rint(np.array(made) * 255).astype(np.uint8)
    return colours


def hexadecimal(colour: NDArray[np.uint8]) -> str:
    """A colour as #rrggbb."""
    return f"#{bytes(colour.tolist()).hex()}"
