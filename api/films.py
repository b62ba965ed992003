"""Tiles that move by epoch: which epochs are shown, and how they are drawn as a page, a GIF or a WebP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.services import Services
from api.sheets import Sheet
from cnnservice import jobs
from cnnservice.database.tables import Epoch
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.film import animation_gif, animation_webp
from cnnservice.drawing.grid import Layout
from cnnservice.models import Snapshot
from cnnservice.settings import Settings
from cnnservice.specs.drawing import SheetDrawing
from cnnservice.specs.errors import LimitExceeded


@dataclass(frozen=True)
class Reel:
    """The epochs that are shown, and what is to be said of those that are not."""

    rows: list[Epoch]
    note: str


@dataclass(frozen=True)
class Film:
    """Frames (E, n, H, W), or (E, n, H, W, 3) in colour, of the epochs of a reel; sheet tells how each lies."""

    frames: NDArray[np.float32]
    reel: Reel
    sheet: Sheet

    def html(self, drawing: SheetDrawing, title: str) -> bytes:
        """One page."""
        indices, note = self.sheet.indices.tolist(), self.reel.note
        return animation_html(self.frames, title=title, indices=indices, note=note, **self._arguments(drawing))

    def gif(self, drawing: SheetDrawing) -> bytes:
        """A frame an epoch."""
        return animation_gif(self.frames, **self._arguments(drawing))

    def webp(self, drawing: SheetDrawing) -> bytes:
        """The same, without loss."""
        return animation_webp(self.frames, **self._arguments(drawing))

    def _arguments(self, drawing: SheetDrawing) -> dict[str, Any]:
        return {
            "epochs": [row.epoch for row in self.reel.rows],
            "captions": [_caption(row) for row in self.reel.rows],
            "layout": self.sheet.plan,
            "cmap": drawing.cmap,
            "normalize": self.sheet.normalize(drawing),
        }


def reel_of(services: Services, snapshot: Snapshot) -> Reel:
    """The epochs up to a snapshot's whose weights are kept; of more than an animation may show, as many, spread."""
    last = snapshot.epoch
    kept = jobs.list_epochs(services.database, snapshot.job.id, up_to=last, kept=True)
    rows = _spread(kept, services.settings.max_animation_frames)
    return Reel(rows, _note(len(rows), len(kept), last + 1))


def check_film(plan: Layout, values: int, frames: int, settings: Settings, *, within_pixels: bool) -> None:
    """Raises LimitExceeded where so many frames of so many values, or where that counts their pixels, are too many."""
    _check("values", values * frames, settings.max_animation_values, "MAX_ANIMATION_VALUES")
    if within_pixels:
        pixels = plan.width * plan.height * frames
        _check("pixels", pixels, settings.max_animation_pixels, "MAX_ANIMATION_PIXELS")


def _spread(epochs: list[Epoch], most: int) -> list[Epoch]:
    """At most so many of them, the first and the last among them."""
    if len(epochs) <= most:
        return epochs
    return [epochs[place] for place in np.linspace(0, len(epochs) - 1, most).round().astype(int).tolist()]


def _note(shown: int, kept: int, there: int) -> str:
    if shown == there:
        return ""
    which = ", those whose weights were kept" if shown == kept else ", evenly spread"
    return f"{shown} of {there} epochs are shown{which}."


def _check(what: str, value: int, limit: int, setting: str) -> None:
    if value > limit:
        raise LimitExceeded(
            "?count", f"the animation's {what}, all epochs together,", value, limit, f"CNNSERVICE_{setting}"
        )


def _caption(row: Epoch) -> str:
    names = {"loss": "loss", "categorical_accuracy": "accuracy", "val_categorical_accuracy": "validation accuracy"}
    if row.epoch == 0:
        return "before training"
    return " · ".join(f"{label} {row.metrics[name]:.3f}" for name, label in names.items() if name in row.metrics)
