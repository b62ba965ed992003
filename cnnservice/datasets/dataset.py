"""What is known about a data set before any of its images is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.errors import WrongChecksum

Arrays = Mapping[str, NDArray[np.integer[Any]]]


class Origin(Protocol):
    """How the whole of a data set comes to this machine. datasets_path is the folder of all of them."""

    def is_here(self, dataset: Dataset, datasets_path: Path) -> bool:
        """Whether the whole set can be opened now."""

    def open(self, dataset: Dataset, datasets_path: Path) -> Arrays:
        """x_<split> and y_<split>, read-only and memory-mapped, where is_here."""

    def how_to_provide(self, dataset: Dataset, datasets_path: Path) -> str:
        """What to do for whoever needs more of the data set than is here."""

    def wrong_file(self, datasets_path: Path, advice: str) -> WrongChecksum | None:
        """What to say where a file lies in the place of the right one, with this advice."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of equally large images.

    shape is (H, W, C), splits the full number of images of each split, background the value (0..255) that
    surrounds what the images show. head is an .npz of the first images of each split that is shipped with the
    package, None where there is none.
    """

    name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    splits: dict[str, int]
    source: str
    licence: str
    origin: Origin
    head: Path | None = None
    dtype: str = "uint8"
    background: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of its arrays: x before y, the splits in their order."""
        return tuple(f"{kind}_{split}" for split in self.splits for kind in ("x", "y"))
