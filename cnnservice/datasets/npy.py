"""What an .npy says of its array before the array is read."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy


def read_shape(file: IO[bytes]) -> tuple[int, ...]:
    """The shape in the header at the file's start. See read_header."""
    return read_header(file)[0]


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran's order, and dtype: no number is read and nothing is allocated for them.

    The file is left where the numbers begin. Raises ValueError where there is no header of format 1.0, which
    NumPy writes for every plain array.
    """
    version = npy.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"This .npy is of format {version[0]}.{version[1]}; 1.0 is read here.")
    (length,) = struct.unpack("<H", _exactly(file, 2))
    return _parse(_exactly(file, length))


def _parse(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    # NumPy takes it for a text of Python, and what no NumPy wrote makes it raise anything.
    try:
        with warnings.catch_warnings(action="ignore"):
            shape, fortran_order, dtype = npy.read_array_header_1_0(BytesIO(struct.pack("<H", len(header)) + header))
    except Exception as error:
        raise ValueError(f"Its header cannot be read ({type(error).__name__}).") from None
    # To NumPy a number below zero, or a truth, is one like any other.
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError("Its shape is of other numbers than those from 0.")
    return shape, fortran_order, dtype


def _exactly(file: IO[bytes], length: int) -> bytes:
    content = file.read(length)
    if len(content) < length:
        raise ValueError("It ends in its header.")
    return content
