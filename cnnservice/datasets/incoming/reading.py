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
# Of the directory, which zipfile reads as a whole: a name, and what programs note beside it.
_ENTRY_BYTES = 512
# What NumPy and nearly every program packs by. The others' errors are of many kinds, and LZMA takes as much memory as
# the file says.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def read_dataset(file: IO[bytes], folder: Path, settings: Settings, *, size: Size | None = None) -> Record:
    """Write the arrays of an uploaded .npz or .zip into a folder, and return what makes the data set what it is.

    size is what the pictures of a .zip are fitted to, (H, W). Raises BadDataset, DatasetTooLarge.
    """
    try:
        most = settings.max_dataset_images + _OTHER_ENTRIES
        if count_entries(file, most * _ENTRY_BYTES) > most:
            raise DatasetTooLarge(
                "has more images than that", settings.max_dataset_images, "CNNSERVICE_MAX_DATASET_IMAGES"
            )
        with zipfile.ZipFile(file) as archive:
            _check_entries(archive, settings)
            if any(name.endswith(".npy") for name in archive.namelist()):
                return read_npz(archive, folder, settings)
            return read_class_folders(archive, folder, settings, size=size)
    # RuntimeError: encrypted, or of a kind that Python does not know.
    except (zipfile.BadZipFile, ValueError, EOFError, struct.error, zlib.error, RuntimeError) as error:
        raise BadDataset(f"The file is no .npz or .zip that can be read: {error}.") from None


def _check_entries(archive: zipfile.ZipFile, settings: Settings) -> None:
    """Raises BadDataset, DatasetTooLarge."""
    unpacked = 0
    for info in archive.infolist():
        if info.compress_type not in _METHODS:
            raise BadDataset(f"{info.filename!r} is packed by a method that is not read here; deflate is, and none.")
        if info.header_offset < 0:
            raise BadDataset(f"{info.filename!r} begins before the file.")
        # Nothing is read beyond it. Entries may share their bytes, so that the file's own size says nothing.
        unpacked += info.file_size
    most = settings.max_dataset_bytes + settings.max_dataset_upload_bytes
    if unpacked > most:
        raise DatasetTooLarge(f"unpacked takes {unpacked} bytes", most, "CNNSERVICE_MAX_DATASET_BYTES")
