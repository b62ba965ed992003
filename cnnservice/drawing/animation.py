"""Slices by epoch as one page that loads nothing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.grid import Layout
from cnnservice.drawing.normalize import Normalize, shade
from cnnservice.drawing.player import as_text, player_page


def animation_html(
    frames: NDArray[np.floating[Any]],
    *,
    epochs: Sequence[int],
    captions: Sequence[str],
    title: str,
    indices: Sequence[int],
    layout: Layout,
    cmap: str = "gray",
    normalize: Normalize = "each",
    interval_ms: int = 200,
    note: str = "",
) -> bytes:
    """A UTF-8 page with play, pause, step, speed and a slider that shows frames (E, n, H, W), one an epoch.

    Frames in colour are (E, n, H, W, 3); they have no use for the colormap.
    With `each`, a frame's tiles are those of its still picture, each by its own range. With `layer` and `symmetric`
    there is one range for all frames, so that growth is seen. note is said below the title.
    Raises UnknownColormap.
    """
    colour = frames.ndim == 5
    shades = shade(frames, normalize, colour=colour)
    facts = {
        "count": frames.shape[1],
        "height": frames.shape[2],
        "width": frames.shape[3],
        "cols": layout.cols,
        "scale": layout.scale,
        "channels": 3 if colour else 1,
        "plane": layout.tile_width // layout.planes,
        "seam": layout.seam,
        "tile": [layout.tile_pixels[1], layout.tile_pixels[0]],
        "size": [layout.width, layout.height],
        "density": 1,
        "across": layout.col_pitch,
        "down": layout.row_pitch,
        "indices": list(indices),
        "palette": as_text(colormap(cmap).tobytes()),
        "levels": as_text(_deflated(shades)),
    }
    return player_page(
        "slices.js", facts, title=title, note=note, epochs=epochs, captions=captions, interval_ms=interval_ms
    )


def _deflated(shades: NDArray[np.uint8]) -> bytes:
    """A zlib stream of levels (E, n, H, W[, 3]), each frame after the first as its difference from the one before.

    Differences are modulo 256. A kernel in training moves little in an epoch, so they are small numbers in no order:
    64 slices of 5 x 5 over 31 epochs of MNIST take 13 kB instead of 50. Looking for repeats, zlib's default, makes
    that 6 % larger and takes seven times as long.
    """
    changes = shades.copy()
    np.subtract(shades[1:], shades[:-1], out=changes[1:])
    stream = zlib.compressobj(level=1, strategy=zlib.Z_RLE)
    return stream.compress(changes.data) + stream.flush()
