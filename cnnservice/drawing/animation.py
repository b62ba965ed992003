"""Slices by epoch as one page that loads nothing."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.grid import Layout
from cnnservice.drawing.normalize import Normalize, shade


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
        "across": layout.col_pitch,
        "down": layout.row_pitch,
        "epochs": list(epochs),
        "captions": list(captions),
        "indices": list(indices),
        "interval": interval_ms,
        "palette": _text(colormap(cmap).tobytes()),
        "levels": _text(_deflated(shades)),
    }
    # "</script" and "<!--" mean something in a script; to JSON the escaped sign is the same.
    script = json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")
    # In one pass, so that a title may itself say {{facts}}.
    filling = {"{{title}}": escape(title), "{{note}}": escape(note), "{{facts}}": script}
    return re.sub("|".join(map(re.escape, filling)), lambda place: filling[place[0]], _template()).encode()


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


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@cache
def _template() -> str:
    return files(__package__).joinpath("animation.html").read_text("utf-8")
