"""What an .npy says of its array before the array is read."""

from __future__ import annotations

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
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = npy.read_array_header_1_0(file)
    return header
