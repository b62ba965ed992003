"""How many files a .zip lists, told before Python's zipfile makes an object of each."""

from __future__ import annotations

import struct
from typing import IO

_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_END_64, _END_64_SIZE = b"PK\x06\x06", 56
_ENTRY = b"PK\x01\x02"
_LONGEST_COMMENT = 0xFFFF
_PIECE = 1 << 20


def count_entries(file: IO[bytes], most_bytes: int) -> int:
    """At least the number of entries that zipfile would read.

    Raises ValueError where the file is no .zip, or its directory is longer than most_bytes.
    """
    size = file.seek(0, 2)
    tail_start = max(0, size - _END_SIZE - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise ValueError("no end of a zip's directory")
    length, _ = struct.unpack_from("<LL", tail, at + 12)
    end = tail_start + at
    if at >= _LOCATOR_SIZE and tail[at - _LOCATOR_SIZE :].startswith(_LOCATOR):
        # zipfile takes the larger record to stand right before its locator, whatever that says.
        file.seek(max(0, end - _LOCATOR_SIZE - _END_64_SIZE))
        record = file.read(_END_64_SIZE)
        if record.startswith(_END_64):
            length = struct.unpack_from("<Q", record, 40)[0]
            end -= _LOCATOR_SIZE + _END_64_SIZE
    if length > most_bytes:
        raise ValueError(f"its directory has {length} bytes; at most {most_bytes} are read")
    return _count(file, max(0, end - length), end)


def _count(file: IO[bytes], start: int, end: int) -> int:
    file.seek(start)
    count, left, carried = 0, end - start, b""
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        text = carried + piece
        count += text.count(_ENTRY)
        carried = text[-(len(_ENTRY) - 1) :]
    return count
