"""Arrays on their way to be a data set: written and checksummed in one pass."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from io import BytesIO
from itertools import chain
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.errors import BadDataset, DatasetTooLarge
from cnnservice.datasets.stored import array_path
from cnnservice.settings import Settings

# Images whose borders tell what surrounds what they show.
_BORDERS = 256
# Kept free on the disk for everything else.
_SPARE_BYTES = 256 << 20


def write_array(folder: Path, key: str, shape: tuple[int, ...], dtype: str, pieces: Iterable[bytes]) -> str:
    """Write an .npy from its bytes, and return the SHA-256 of the file."""
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    digest = hashlib.sha256()
    with array_path(folder, key).open("wb") as file:
        for piece in chain([header.getvalue()], pieces):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def write_labels(folder: Path, key: str, labels: NDArray[np.int64]) -> str:
    """Write labels (n,), and return the SHA-256 of the file."""
    return write_array(folder, key, labels.shape, "<i8", [labels.astype("<i8").tobytes()])


def check_count(images: int, settings: Settings) -> None:
    """Hold the number of images, of all splits, against the limit. Raises DatasetTooLarge."""
    if images > settings.max_dataset_images:
        raise DatasetTooLarge(f"has {images} images", settings.max_dataset_images, "CNNSERVICE_MAX_DATASET_IMAGES")


def check_size(images: int, shape: tuple[int, int, int], folder: Path, settings: Settings) -> None:
    """Hold so many images (H, W, C), of all splits, against the limits before anything is written.

    Raises DatasetTooLarge.
    """
    check_count(images, settings)
    if prod(shape) > settings.max_dataset_image_values:
        raise DatasetTooLarge(
            f"has images of {prod(shape)} numbers", settings.max_dataset_image_values,
            "CNNSERVICE_MAX_DATASET_IMAGE_VALUES",
        )  # fmt: skip
    values = images * prod(shape)
    if values > settings.max_dataset_bytes:
        raise DatasetTooLarge(
            f"unpacked takes {values} bytes", settings.max_dataset_bytes, "CNNSERVICE_MAX_DATASET_BYTES"
        )
    # Twice: here and in the store.
    free = shutil.disk_usage(folder).free - _SPARE_BYTES
    if 2 * values > free:
        raise DatasetTooLarge(
            f"unpacked takes {2 * values} bytes", max(free, 0), "CNNSERVICE_DATA_DIR: the disk's room"
        )


def check_classes(count: int, settings: Settings) -> None:
    """Hold the number of classes against the limits. Raises BadDataset, DatasetTooLarge."""
    if count < 2:
        raise BadDataset("There is one class, and nothing to tell apart.")
    if count > settings.max_classes:
        raise DatasetTooLarge(f"has {count} classes", settings.max_classes, "CNNSERVICE_MAX_CLASSES")


def background_of(images: NDArray[np.uint8]) -> int:
    """What surrounds the things shown: the median of the borders of images (n, H, W, C)."""
    if not len(images):
        return 0
    images = images[:_BORDERS]
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return int(np.median(np.concatenate([edge.reshape(-1) for edge in edges])))
