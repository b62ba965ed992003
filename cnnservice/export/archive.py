"""A folder as a zip archive."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

# The earliest that a zip archive can say: a file made twice is the same bytes.
NO_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def pack(folder: Path, target: Path) -> None:
    """Write all files below a folder, in the order of their names."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), NO_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _READABLE
            # Known beforehand, that it may be larger than 2 GiB.
            entry.file_size = file.stat().st_size
            with file.open("rb") as content, archive.open(entry, "w") as copy:
                shutil.copyfileobj(content, copy)
