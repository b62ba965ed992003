"""Which class is taken for which, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.matrix import Side, draw_matrix_png

# Of a row's share none, and all.
_LIGHT, _DARK = np.array([247, 250, 253]), np.array([8, 48, 107])


def draw_confusion_png(counts: NDArray[Any], classes: Sequence[str], *, scale: int = 2) -> bytes:
    """A PNG of counts (k, k), rows the true classes, columns the predicted ones.

    A cell is the darker, the larger its share of its row, and shows its count where all counts have room. classes
    are k names; of very many, those that have room are written. scale enlarges all of it.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    texts = [[str(count) for count in row] for row in counts.tolist()]
    return draw_matrix_png(share_colours(shares), texts, Side("true", classes), Side("predicted", classes), scale=scale)


def share_colours(shares: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The colour of each share 0..1, (..., 3) uint8, from nearly white to dark blue by the share's square root.

    By the share itself, what goes wrong in one case of fifty would look like what never does.
    """
    darkness = np.sqrt(shares)[..., np.newaxis]
    colours: NDArray[np.uint8] = np.rint(_LIGHT + darkness * (_DARK - _LIGHT)).astype(np.uint8)
    return colours
