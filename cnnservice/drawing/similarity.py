"""How alike representations are, as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.matrix import Side, draw_matrix_png
from cnnservice.drawing.normalize import levels

# Of what is like nothing.
_NOTHING = (214, 214, 214)
# Numbers of two digits in larger matrices hide what they are about.
_MOST_NUMBERS = 24


def draw_similarity_png(values: NDArray[np.floating[Any]], rows: Side, columns: Side, *, heading: str) -> bytes:
    """A PNG of values 0..1 (r, c), in viridis, the brighter the more alike.

    NaN, what is like nothing, is grey with a dash. Values have two digits, where cells have room for them.
    """
    there = np.isfinite(values)
    colours = colormap("viridis")[levels(np.where(there, values, 0.0))]
    colours[~there] = _NOTHING
    numbered = max(values.shape) <= _MOST_NUMBERS
    texts = [[_text(value) if numbered else "" for value in row] for row in values.tolist()]
    return draw_matrix_png(colours, texts, rows, columns, heading=heading)


def _text(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"
