"""What pictures of tiles have in common: which slices, how they lie, and that they stay within the limits."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.drawn import draw_slices
from api.schemas import Grid, SliceRange
from cnnservice.drawing.grid import Layout, layout
from cnnservice.drawing.normalize import Normalize
from cnnservice.drawing.slices import choose
from cnnservice.settings import Settings
from cnnservice.specs.drawing import SheetDrawing
from cnnservice.specs.errors import LimitExceeded


@dataclass(frozen=True)
class Sheet:
    """Slices (n, H, W), or (n, H, W, 3) in colour, chosen from a layer, by index, and where they lie in the picture."""

    slices: NDArray[np.float32]
    indices: NDArray[np.int64]
    plan: Layout

    def png(self, drawing: SheetDrawing) -> bytes:
        """The picture."""
        labels = [str(index) for index in self.indices] if drawing.labels else None
        how = self.normalize(drawing)
        return draw_slices(self.slices, self.plan, cmap=drawing.cmap, normalize=how, labels=labels)

    def normalize(self, drawing: SheetDrawing) -> Normalize:
        """As asked for; but a tile of one number has no range of its own."""
        single = self.slices.shape[1:] == (1, 1) and drawing.normalize == "each"
        return "layer" if single else drawing.normalize

    def twin(self) -> dict[str, Any]:
        """The fields of schemas.Drawing that tell of the tiles."""
        flat = self.slices.reshape(len(self.slices), -1)
        lows, highs = flat.min(axis=1).tolist(), flat.max(axis=1).tolist()
        indices = self.indices.tolist()
        return {
            "slice_shape": list(self.slices.shape[1:]),
            "grid": Grid.of(self.plan),
            "indices": indices,
            "slices": [
                SliceRange(index=index, min=low, max=high)
                for index, low, high in zip(indices, lows, highs, strict=True)
            ],
        }


def choose_slices(slices: NDArray[np.float32], drawing: SheetDrawing, settings: Settings, *, planes: int = 1) -> Sheet:
    """Those of all slices (n, H, W), or (n, H, W, 3) in colour, that are drawn; of a volume, planes side by side.

    Raises SliceOutOfRange, LimitExceeded.
    """
    indices = choose_indices(len(slices), drawing)
    height, width = slices.shape[1:3]
    plan = plan_picture(len(indices), height, width, drawing, settings, planes=planes)
    return Sheet(slices[indices], indices, plan)


def choose_indices(slices: int, drawing: SheetDrawing) -> NDArray[np.int64]:
    """Which of so many slices are drawn. Raises SliceOutOfRange."""
    return choose(slices, start=drawing.start, count=drawing.count, sample=drawing.sample, seed=drawing.seed)


def plan_picture(
    tiles: int, height: int, width: int, drawing: SheetDrawing, settings: Settings, *, planes: int = 1
) -> Layout:
    """How so many tiles of height x width cells lie. Raises LimitExceeded before anything large is made."""
    plan = layout(
        tiles, height, width, cols=drawing.cols, scale=drawing.scale, gap=drawing.gap, labels=drawing.labels,
        planes=planes,
    )  # fmt: skip
    check_picture(plan, tiles, settings)
    return plan


def check_picture(plan: Layout, tiles: int, settings: Settings) -> None:
    """Raises LimitExceeded before anything large is made."""
    if tiles > settings.max_slices:
        raise LimitExceeded("?count", "the number of tiles", tiles, settings.max_slices, "CNNSERVICE_MAX_SLICES")
    pixels = plan.width * plan.height
    if pixels > settings.max_picture_pixels:
        raise LimitExceeded(
            "?scale",
            "the picture's size in pixels",
            pixels,
            settings.max_picture_pixels,
            "CNNSERVICE_MAX_PICTURE_PIXELS",
        )


def npy(array: NDArray[Any]) -> bytes:
    """An array as a .npy file, float32."""
    buffer = io.BytesIO()
    np.save(buffer, array.astype(np.float32, copy=False), allow_pickle=False)
    return buffer.getvalue()
