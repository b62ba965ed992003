"""An .npz of x_train, y_train, x_test and y_test as a data set."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.errors import BadDataset
from cnnservice.datasets.incoming.draft import background_of, check_classes, check_size, write_array, write_labels
from cnnservice.datasets.npy import read_header
from cnnservice.datasets.stored import array_path
from cnnservice.datasets.uploaded import Record, content_record
from cnnservice.settings import Settings

_SPLITS = ("train", "test")
_PIECE = 1 << 20


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool


def read_npz(archive: zipfile.ZipFile, folder: Path, settings: Settings) -> Record:
    """Write its arrays into a folder, as they are and in their order; nothing is unpickled.

    Labels keep their numbers: there are as many classes as the greatest, and one. The headers are held against the
    limits before any number is read. Raises BadDataset, DatasetTooLarge.
    """
    headers = {key: _header(archive, key) for split in _SPLITS for key in (f"x_{split}", f"y_{split}")}
    shape = _image_shape(headers)
    splits = {split: _count(headers, split) for split in _SPLITS}
    check_size(sum(splits.values()), shape, folder, settings)
    labels = {split: _labels(archive, f"y_{split}", headers[f"y_{split}"]) for split in _SPLITS}
    classes = 1 + max(int(array.max()) for array in labels.values())
    check_classes(classes, settings)
    files = {}
    for split, count in splits.items():
        key = f"x_{split}"
        files[key] = write_array(folder, key, (count, *shape), "|u1", _numbers(archive, key, headers[key]))
        files[f"y_{split}"] = write_labels(folder, f"y_{split}", labels[split])
    return content_record(
        shape=shape,
        classes=tuple(str(index) for index in range(classes)),
        splits=splits,
        background=background_of(np.load(array_path(folder, "x_train"), mmap_mode="r")),
        files=files,
    )


def _header(archive: zipfile.ZipFile, key: str) -> _Header:
    try:
        with archive.open(f"{key}.npy") as member:
            shape, fortran_order, dtype = read_header(member)
    except KeyError:
        raise BadDataset(f"The .npz has no array {key}.") from None
    except ValueError as error:
        raise BadDataset(f"{key} is no array that is read here: {error}") from None
    if fortran_order and len(shape) > 1:
        raise BadDataset(f"{key} is stored in Fortran's order; save np.ascontiguousarray({key}).")
    return _Header(shape, dtype, fortran_order)


def _image_shape(headers: dict[str, _Header]) -> tuple[int, int, int]:
    shapes = {}
    for key in (f"x_{split}" for split in _SPLITS):
        shape, dtype = headers[key].shape, headers[key].dtype
        if dtype != np.uint8:
            raise BadDataset(
                f"{key} is of {dtype}; pixels are uint8, 0 to 255. Numbers from 0 to 1 become such by "
                f"({key} * 255).round().astype('uint8')."
            )
        if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)) or 0 in shape:
            raise BadDataset(f"{key} has shape {shape}.")
        shapes[key] = (shape[1], shape[2], shape[3] if len(shape) == 4 else 1)
    if shapes["x_train"] != shapes["x_test"]:
        raise BadDataset(
            f"Images of x_train are {list(shapes['x_train'])}, those of x_test {list(shapes['x_test'])}; "
            "they must be alike."
        )
    return shapes["x_train"]


def _count(headers: dict[str, _Header], split: str) -> int:
    images, labels = headers[f"x_{split}"], headers[f"y_{split}"]
    count = images.shape[0]
    if labels.dtype.kind not in "iu":
        raise BadDataset(f"y_{split} is of {labels.dtype}; labels are whole numbers, the indices of the classes.")
    if labels.shape not in ((count,), (count, 1)):
        raise BadDataset(f"y_{split} has shape {labels.shape}; {count} images want {count} labels.")
    return count


def _labels(archive: zipfile.ZipFile, key: str, header: _Header) -> NDArray[np.int64]:
    labels = np.frombuffer(b"".join(_numbers(archive, key, header)), header.dtype).reshape(-1)
    # Compared before they are made signed: the greatest unsigned numbers would become negative.
    wrong = np.flatnonzero((labels < 0) | (labels > np.iinfo(np.int32).max))
    if len(wrong):
        raise BadDataset(f"{key}[{wrong[0]}] is {labels[wrong[0]]}; labels count from 0.")
    return labels.astype(np.int64)


def _numbers(archive: zipfile.ZipFile, key: str, header: _Header) -> Iterator[bytes]:
    """The array's bytes, as many as its header tells and no more."""
    left = prod(header.shape) * header.dtype.itemsize
    with archive.open(f"{key}.npy") as member:
        read_header(member)
        yield from _pieces(member, left)
        if member.read(1):
            raise BadDataset(f"{key} is longer than its header tells.")


def _pieces(member: IO[bytes], left: int) -> Iterator[bytes]:
    while left:
        piece = member.read(min(left, _PIECE))
        if not piece:
            raise BadDataset("An array is cut short.")
        left -= len(piece)
        yield piece
