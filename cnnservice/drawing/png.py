"""PNG files, written for pictures whose rows repeat."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _INDEXED = 0, 2, 3
_UP = 2


def encode_png(array: NDArray[np.uint8], palette: NDArray[np.uint8] | None = None) -> bytes:
    """A PNG of (H, W) uint8 grey levels or (H, W, 3) uint8 RGB; with a palette (256, 3) of (H, W) indices into it.

    Every row is stored as its difference from the row above (filter type Up), so the rows that upscaling
    repeats are zeros. Source: PNG specification, third edition, sections 9.2 and 11.2.
    """
    height, width = array.shape[:2]
    rows = array.reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colours = b"" if palette is None else _chunk(b"PLTE", palette.tobytes())
    kind = _RGB if array.ndim == 3 else _GREY if palette is None else _INDEXED
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(filtered.data, level=1))
    return _SIGNATURE + header + colours + pixels + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
