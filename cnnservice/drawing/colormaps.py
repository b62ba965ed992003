"""Colormaps by matplotlib's names.

The tables in colormaps.npz are matplotlib 3.11.2's, `matplotlib.colormaps[name](range(256), bytes=True)` without
alpha. matplotlib is under the Matplotlib licence (based on PSF); viridis, magma, inferno and plasma are under CC0
(Stéfan van der Walt, Nathaniel Smith), cividis is by Nuñez, Anderton and Renslow (doi:10.1371/journal.pone.0199239),
coolwarm by Kenneth Moreland, RdBu and Greys by Cynthia Brewer, ColorBrewer.org (Apache 2.0).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from cnnservice.errors import FieldError, InvalidError

COLORMAPS: tuple[str, ...] = (
    "gray",
    "gray_r",
    "viridis",
    "magma",
    "inferno",
    "plasma",
    "cividis",
    "coolwarm",
    "RdBu_r",
    "seismic",
    "bwr",
    "Greys",
)


class UnknownColormap(InvalidError):
    """No colormap has that name."""

    code = "unknown-colormap"
    title = "Unknown colormap"

    def __init__(self, name: str) -> None:
        detail = f"There is no colormap {name!r}; there are: {', '.join(COLORMAPS)}."
        super().__init__(detail, errors=(FieldError("?cmap", detail),))


def colormap(name: str) -> NDArray[np.uint8]:
    """The colours of levels 0..255, (256, 3) uint8 RGB, read-only.

    Raises UnknownColormap.
    """
    try:
        return _tables()[name]
    except KeyError:
        raise UnknownColormap(name) from None


def palette_with_white(table: NDArray[np.uint8], levels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int] | None:
    """A palette (256, 3) with the colours of a colormap for these levels and white too, and the index of white.

    White is a level of the colormap, or takes the place of one that is not among levels. None where neither is.
    """
    (white,) = (table == 255).all(axis=1).nonzero()
    if white.size:
        return table, int(white[0])
    (unused,) = (np.bincount(levels.ravel(), minlength=len(table)) == 0).nonzero()
    if not unused.size:
        return None
    palette = table.copy()
    palette[unused[0]] = 255
    return palette, int(unused[0])


@cache
def _tables() -> dict[str, NDArray[np.uint8]]:
    with files(__package__).joinpath("colormaps.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        tables: dict[str, NDArray[np.uint8]] = dict(archive)
    # Level n is grey n: matplotlib's own bytes cut off where they should round, and are one lower for 24 levels.
    tables["gray"] = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    tables["gray_r"] = tables["gray"][::-1].copy()
    for table in tables.values():
        table.setflags(write=False)
    return tables
