"""What is known about a data set before any of its images is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of equally large images.

    shape is (H, W, C), splits the full number of images of each split, background the value (0..255) that
    surrounds what the images show. The whole set is an .npz of x_<split> and y_<split>: archive is its file
    name, sha256 its checksum, contents_sha256 that of the numbers in it, x before y and the splits in their order,
    for the same arrays packed by another hand; keras_loader the module of keras.datasets that fetches it. head is an
    .npz of the first images of each split that is shipped with the package, None where there is none.
    """

    name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    splits: dict[str, int]
    source: str
    licence: str
    archive: str
    sha256: str
    keras_loader: str
    contents_sha256: str | None = None
    head: Path | None = None
    dtype: str = "uint8"
    background: int = 0
