"""Small text on pictures: all captions of a picture in one size, made to fit their tiles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LINE_HEIGHT = 16
INK = 40

_LARGEST, _SMALLEST = 12, 7
# Pillow's font has no arrow.
_ARROW = "→"
_CUT = "…"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_captions(
    canvas: NDArray[np.uint8], captions: Sequence[str], corners: Sequence[tuple[int, int]], width: int
) -> NDArray[np.uint8]:
    """The canvas (H, W) or (H, W, 3) with captions[i] centred in the width pixels right of corners[i], (x, y).

    Lines are LINE_HEIGHT apart. The size is the largest that all fit in. Where even the smallest does not fit, words
    are cut short with … and a number, of which a part would be another number, is left out.
    """
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    longest = max((_length(line, font(_LARGEST)) for caption in captions for line in caption.split("\n")), default=0)
    size = min(_LARGEST, max(_SMALLEST, int(_LARGEST * width / max(1, longest))))
    for caption, (x, y) in zip(captions, corners, strict=True):
        for number, line in enumerate(caption.split("\n")):
            fitting = _fitted(line, font(size), width)
            _write(pen, fitting, x + width / 2, y + (number + 0.5) * LINE_HEIGHT, size)
    return np.asarray(picture)


@cache
def font(size: int) -> Font:
    """Pillow's own, at so many pixels."""
    return ImageFont.load_default(size=size)


def shortened(text: str, face: Font, width: float) -> str:
    """The text, cut short with … where it is wider; of what an arrow joins, the longest part first."""
    parts = [part.strip() for part in text.split(_ARROW)]
    while _length(text, face) > width and any(parts):
        at = max(range(len(parts)), key=lambda part: face.getlength(parts[part]))
        shorter = parts[at].removesuffix(_CUT)[:-1].rstrip()
        parts[at] = shorter + _CUT if shorter else ""
        text = f" {_ARROW} ".join(parts)
    return text if any(parts) else ""


def _fitted(line: str, face: Font, width: int) -> str:
    if any(sign.isalpha() for sign in line):
        return shortened(line, face, width)
    return line if _length(line, face) <= width else ""


def _length(line: str, face: Font) -> float:
    return face.getlength(line.replace(_ARROW, "")) + line.count(_ARROW) * _arrow_width(face)


def _arrow_width(face: Font) -> float:
    return face.getlength("0") * 1.5


def _write(pen: ImageDraw.ImageDraw, line: str, middle: float, y: float, size: int) -> None:
    face, ink = font(size), INK if pen.mode == "L" else (INK, INK, INK)
    if _ARROW not in line:
        pen.text((middle, y), line, fill=ink, font=face, anchor="mm")
        return
    x, arrow = middle - _length(line, face) / 2, _arrow_width(face)
    for number, part in enumerate(line.split(_ARROW)):
        if number:
            left, tip, level, barb = round(x), round(x + arrow - 1), round(y), round(size / 5)
            pen.line([(left, level), (tip, level)], fill=ink)
            pen.line([(tip - barb, level - barb), (tip, level), (tip - barb, level + barb)], fill=ink)
            x += arrow
        pen.text((x, y), part, fill=ink, font=face, anchor="lm")
        x += face.getlength(part)
