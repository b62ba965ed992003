"""A .zip of train/<class>/<image>, and test/<class>/<image> where there is one, as a data set."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from unicodedata import category

import numpy as np
from PIL import Image

from cnnservice.datasets.errors import BadDataset, DatasetTooLarge, ImageTooLarge, NotAnImage
from cnnservice.datasets.incoming.draft import (
    background_of,
    check_classes,
    check_count,
    check_size,
    write_array,
    write_labels,
)
from cnnservice.datasets.uploaded import Record, content_record
from cnnservice.datasets.uploads import DECODERS, FORMATS, decode_image, fit_image
from cnnservice.settings import Settings

Size = tuple[int, int]

_SPLITS = ("train", "test")
# Of each class, where there is no test/.
_TEST_EVERY = 6
_ORIENTATION = 0x0112
_GREY_MODES = frozenset({"1", "L", "LA", "I", "F"})
_BORDERS = 256
_LONGEST_NAME = 200


@dataclass(frozen=True)
class _Picture:
    """A file in the archive: its class by index, and where it comes in its split, 0 to 1."""

    member: zipfile.ZipInfo
    label: int
    place: float


@dataclass(frozen=True)
class _Form:
    shape: tuple[int, int, int]
    background: int


def read_class_folders(archive: zipfile.ZipFile, folder: Path, settings: Settings, *, size: Size | None) -> Record:
    """Decode its pictures and write them into a folder.

    Classes are the names of the folders, in alphabetical order. The images of the classes are interleaved, so that the
    first n of a split hold each class in its proportion. Without test/, every sixth image of a class is for testing.
    Pictures are grey where all are. They must be of one size, (H, W), unless the size to fit them to is given: then
    they keep their aspect ratio and are padded with the background, the median of the borders.
    Raises BadDataset, DatasetTooLarge.
    """
    found = _find(archive)
    check_count(sum(map(len, found.values())), settings)
    classes = sorted({name for _, name in found})
    check_classes(len(classes), settings)
    splits = _split(found, classes)
    members = [picture.member for split in _SPLITS for picture in splits[split]]
    shape = _common_shape(archive, members, settings, size)
    counts = {split: len(splits[split]) for split in _SPLITS}
    check_size(sum(counts.values()), shape, folder, settings)
    background = _background(archive, splits["train"], shape, settings)
    files = {}
    for split in _SPLITS:
        pieces = _pixels(archive, splits[split], shape, background, settings)
        files[f"x_{split}"] = write_array(folder, f"x_{split}", (counts[split], *shape), "|u1", pieces)
        labels = np.array([picture.label for picture in splits[split]], np.int64)
        files[f"y_{split}"] = write_labels(folder, f"y_{split}", labels)
    return content_record(shape=shape, classes=tuple(classes), splits=counts, background=background, files=files)


def _find(archive: zipfile.ZipFile) -> dict[tuple[str, str], list[zipfile.ZipInfo]]:
    """The files by split and class, in the order of their names."""
    listed = [(PurePosixPath(info.filename).parts, info) for info in archive.infolist() if not info.is_dir()]
    # What systems leave in folders.
    listed = [(parts, info) for parts, info in listed if parts and not _is_hidden(parts)]
    # Packed with the folder they lie in.
    if listed and all(len(parts) == 4 and parts[0] == listed[0][0][0] for parts, _ in listed):
        listed = [(parts[1:], info) for parts, info in listed]
    found: dict[tuple[str, str], list[zipfile.ZipInfo]] = {}
    for parts, info in sorted(listed, key=lambda entry: entry[0]):
        if len(parts) != 3 or parts[0] not in _SPLITS:
            raise BadDataset(f"{info.filename!r} does not lie in train/<class>/ or test/<class>/.")
        _check_class(parts[1])
        found.setdefault((parts[0], parts[1]), []).append(info)
    if not any(split == "train" for split, _ in found):
        raise BadDataset("The .zip has no image under train/.")
    return found


def _check_class(name: str) -> None:
    # It is drawn, told in JSON and CSV, and printed in terminals.
    if len(name) > _LONGEST_NAME or any(category(sign) == "Cc" for sign in name):
        raise BadDataset(
            f"{name[:_LONGEST_NAME]!r} names no class: a name has at most {_LONGEST_NAME} signs, none for control."
        )


def _is_hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in parts) or parts[-1] in ("Thumbs.db", "desktop.ini")


def _split(found: dict[tuple[str, str], list[zipfile.ZipInfo]], classes: Sequence[str]) -> dict[str, list[_Picture]]:
    labels = {name: label for label, name in enumerate(classes)}
    has_test = any(split == "test" for split, _ in found)
    chosen: dict[str, list[_Picture]] = {split: [] for split in _SPLITS}
    for (split, name), members in found.items():
        parts = {split: members}
        if not has_test:
            tested = members[_TEST_EVERY - 1 :: _TEST_EVERY]
            parts = {"train": [m for number, m in enumerate(members, 1) if number % _TEST_EVERY], "test": tested}
        for part, its in parts.items():
            chosen[part] += [_Picture(m, labels[name], (number + 0.5) / len(its)) for number, m in enumerate(its)]
    if not chosen["test"]:
        raise BadDataset(f"There is no test/, and no class has {_TEST_EVERY} images of which one could be tested with.")
    return {split: sorted(its, key=lambda picture: (picture.place, picture.label)) for split, its in chosen.items()}


def _common_shape(
    archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], settings: Settings, size: Size | None
) -> tuple[int, int, int]:
    """(H, W, C), from the pictures' headers alone."""
    first: tuple[Size, str] | None = None
    colour, pixels = False, 0
    for info in members:
        its, grey = _look(_read(archive, info, settings), info)
        colour = colour or not grey
        # A few bytes may be a large picture, and entries may share their bytes: 20 MB would be decoded for hours.
        pixels += its[0] * its[1]
        if pixels > settings.max_dataset_picture_pixels:
            raise DatasetTooLarge(
                "has pictures of more pixels than that, all together", settings.max_dataset_picture_pixels,
                "CNNSERVICE_MAX_DATASET_PICTURE_PIXELS",
            )  # fmt: skip
        first = first or (its, info.filename)
        if size is None and its != first[0]:
            raise BadDataset(
                f"{info.filename!r} is {its[0]} pixels high and {its[1]} wide, {first[1]!r} {first[0][0]} high and "
                f"{first[0][1]} wide. Give the form fields height and width to fit all to one size."
            )
    assert first is not None, "there is an image under train/"
    height, width = size or first[0]
    return height, width, 3 if colour else 1


def _look(content: bytes, info: zipfile.ZipInfo) -> tuple[Size, bool]:
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            grey = picture.mode in _GREY_MODES or picture.mode.startswith("I;16")
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION, 1) >= 5
    # Broken files make the decoders raise anything.
    except Exception:
        raise BadDataset(f"{info.filename!r} is no image that can be read ({', '.join(FORMATS)}).") from None
    return ((width, height) if turned else (height, width)), grey


def _background(
    archive: zipfile.ZipFile, pictures: Sequence[_Picture], shape: tuple[int, int, int], settings: Settings
) -> int:
    values = []
    for picture in pictures[:_BORDERS]:
        with DECODERS:
            image = _decode(archive, picture.member, settings)
            if "A" not in image.getbands():
                flat = np.asarray(image.convert("L" if shape[2] == 1 else "RGB"))
                values.append(background_of(flat.reshape(1, *image.size[::-1], shape[2])))
    return int(np.median(values)) if values else 0


def _pixels(
    archive: zipfile.ZipFile,
    pictures: Sequence[_Picture],
    shape: tuple[int, int, int],
    background: int,
    settings: Settings,
) -> Iterator[bytes]:
    form = _Form(shape, background)
    for picture in pictures:
        with DECODERS:
            pixels = fit_image(_decode(archive, picture.member, settings), form, invert="false")
        yield pixels.tobytes()


def _decode(archive: zipfile.ZipFile, info: zipfile.ZipInfo, settings: Settings) -> Image.Image:
    try:
        return decode_image(_read(archive, info, settings), max_pixels=settings.max_image_pixels)
    except (NotAnImage, ImageTooLarge) as error:
        raise BadDataset(f"{info.filename!r}: {error.detail}") from None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, settings: Settings) -> bytes:
    with archive.open(info) as member:
        content = member.read(settings.max_upload_bytes + 1)
    if len(content) > settings.max_upload_bytes:
        raise BadDataset(
            f"{info.filename!r} is larger than {settings.max_upload_bytes} bytes, the most allowed for one image "
            "(setting CNNSERVICE_MAX_UPLOAD_BYTES)."
        )
    return content
