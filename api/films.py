"""Tiles that move by epoch, drawn as a page, a GIF or a WebP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.drawn import animation_gif, animation_html, animation_webp
from api.frames import ShownEpochs, caption
from api.sheets import Sheet
from cnnservice.drawing.film import LONGEST_SIDE, STRIP_HEIGHT
from cnnservice.drawing.grid import Layout
from cnnservice.errors import FieldError, InvalidError
from cnnservice.settings import Settings
from cnnservice.specs.drawing import SheetDrawing
from cnnservice.specs.errors import LimitExceeded


@dataclass(frozen=True)
class Film:
    """Frames (E, n, H, W), or (E, n, H, W, 3) in colour, of the epochs shown; sheet tells how each lies."""

    frames: NDArray[np.float32]
    shown: ShownEpochs
    sheet: Sheet

    def html(self, drawing: SheetDrawing, title: str) -> bytes:
        """One page."""
        indices, note = self.sheet.indices.tolist(), self.shown.note
        return animation_html(self.frames, title=title, indices=indices, note=note, **self._arguments(drawing))

    def gif(self, drawing: SheetDrawing) -> bytes:
        """A frame an epoch."""
        return animation_gif(self.frames, **self._arguments(drawing))

    def webp(self, drawing: SheetDrawing) -> bytes:
        """The same, without loss."""
        return animation_webp(self.frames, **self._arguments(drawing))

    def _arguments(self, drawing: SheetDrawing) -> dict[str, Any]:
        return {
            "epochs": [row.epoch for row in self.shown.rows],
            "captions": [caption(row) for row in self.shown.rows],
            "layout": self.sheet.plan,
            "cmap": drawing.cmap,
            "normalize": self.sheet.normalize(drawing),
        }


def check_film(plan: Layout, values: int, frames: int, settings: Settings, encoding: str) -> None:
    """Hold so many frames of so many values against the limits; encoding is html, gif or webp.

    Raises LimitExceeded, and InvalidError where a picture is longer than the encoding has a number for.
    """
    _check("values", values * frames, settings.max_animation_values, "MAX_ANIMATION_VALUES")
    if encoding in LONGEST_SIDE:
        pixels = plan.width * plan.height * frames
        _check("pixels", pixels, settings.max_animation_pixels, "MAX_ANIMATION_PIXELS")
        side, longest = max(plan.width, plan.height + STRIP_HEIGHT), LONGEST_SIDE[encoding]
        if side > longest:
            detail = f"The picture's longer side is {side} pixels; {encoding} has {longest}. Give other cols or scale."
            raise InvalidError(detail, errors=(FieldError("?cols", detail),))


def _check(what: str, value: int, limit: int, setting: str) -> None:
    if value > limit:
        raise LimitExceeded(
            "?count", f"the animation's {what}, all epochs together,", value, limit, f"CNNSERVICE_{setting}"
        )
