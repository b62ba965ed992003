"""Points in the plane by epoch: as one page that loads nothing, as GIF and WebP."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.classes import class_colours, hexadecimal
from cnnservice.drawing.film import film_gif, film_webp
from cnnservice.drawing.player import as_text, player_page
from cnnservice.drawing.scatter import RIM, SIDE, fitted, legend_of, picture_size, point_radius, scatter_picture

INTERVAL_MS = 400
_SCALE = 2
# Of a pixel: a coordinate has two bytes.
_PARTS = 64


def scatter_html(
    frames: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    references: Sequence[str],
    epochs: Sequence[int],
    captions: Sequence[str],
    title: str,
    note: str,
) -> bytes:
    """A page of frames (E, n, 2), points of classes labels (n,), each frame placed as in its still picture.

    While it plays, points move from where they were to where they are. references (n,) tell which image a point is.
    """
    legend = legend_of(classes)
    places = np.rint(np.array([fitted(frame) for frame in frames]) * _PARTS).astype("<u2")
    facts = {
        "count": frames.shape[1],
        "size": [(SIDE + legend.width) * _SCALE, SIDE * _SCALE],
        "density": _SCALE,
        "side": SIDE,
        "parts": _PARTS,
        "radius": point_radius(frames.shape[1]),
        "rim": RIM,
        "labels": labels.tolist(),
        "names": list(classes),
        "references": list(references),
        "colours": [hexadecimal(colour) for colour in class_colours(len(classes))],
        "legend": legend.rows,
        "places": as_text(zlib.compress(places.tobytes())),
    }
    return player_page(
        "scatter.js", facts, title=title, note=note, epochs=epochs, captions=captions, interval_ms=INTERVAL_MS
    )


def scatter_film(
    encoding: str,
    frames: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    epochs: Sequence[int],
    captions: Sequence[str],
    title: str,
    note: str,
) -> bytes:
    """The same as a `gif`, or without loss as a `webp`; without end."""

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for frame in frames:
            yield np.asarray(scatter_picture(frame, labels, classes, title=title, note=note, scale=1))

    encode = film_gif if encoding == "gif" else film_webp
    width, _ = picture_size(classes, scale=1)
    return encode(pictures(), width=width, epochs=epochs, captions=captions, interval_ms=INTERVAL_MS)
