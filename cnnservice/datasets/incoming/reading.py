"""An uploaded file, whichever of the two kinds it is."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from cnnservice.datasets.errors import BadDataset, DatasetTooLarge
from cnnservice.datasets.incoming.class_folders import Size, read_class_folders
from cnnservice.datasets.incoming.npz import read_npz
from cnnservice.datasets.incoming.zip_directory import count_entries
from cnnservice.datasets.uploaded import Record
from cnnservice.settings import Settings

# Folders, and what systems leave in them, besides the images.
_OTHER_ENTRIES = 10_000


def read_dataset(file: IO[bytes], folder: Path, settings: Settings, *, size: Size | None = None) -> Record:
    """Write the arrays of an uploaded .npz or .zip into a folder, and return what makes the data set what it is.

    size is what the pictures of a .zip are fitted to, (H, W). Raises BadDataset, DatasetTooLarge.
    """
    try:
        if count_entries(file) > settings.max_dataset_images + _OTHER_ENTRIES:
            raise DatasetTooLarge(
                "has more images than that", settings.max_dataset_images, "CNNSERVICE_MAX_DATASET_IMAGES"
            )
        with zipfile.ZipFile(file) as archive:
            if any(name.endswith(".npy") for name in archive.namelist()):
                return read_npz(archive, folder, settings)
            return read_class_folders(archive, folder, settings, size=size)
    # RuntimeError: encrypted; NotImplementedError: packed by a method that Python does not know.
    except (zipfile.BadZipFile, ValueError, EOFError, struct.error, zlib.error, RuntimeError) as error:
        raise BadDataset(f"The file is no .npz or .zip that can be read: {error}.") from None
