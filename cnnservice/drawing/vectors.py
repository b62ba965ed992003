"""A layer's vectors by channel: biases, and what batch normalisation keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from cnnservice.drawing.axes import Curve, Panel

# gamma multiplies: a channel that training left alone has 1.
_BASES = {"gamma": 1.0}


def vector_panels(vectors: Mapping[str, NDArray[Any]]) -> list[Panel]:
    """A panel a vector (n,), by its variable's name: a bar a channel, from 0, of gamma from 1."""
    return [
        Panel(
            title=name.replace("_", " "),
            y_label="value",
            x_label="channel",
            curves=[Curve("", range(len(vector)), vector.tolist(), kind="bars", base=_BASES.get(name, 0.0))],
        )
        for name, vector in vectors.items()
    ]
