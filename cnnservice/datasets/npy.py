"""What an .npy says of its array before the array is read."""

from __future__ import annotations

from typing import IO

from numpy.lib import format as npy


def read_shape(file: IO[bytes]) -> tuple[int, ...]:
    """The shape in the header at the file's start: no number is read and nothing is allocated for them.

    The file is left where the numbers begin. Raises ValueError where there is no header of format 1.0, which
    NumPy writes for every plain array.
    """
    version = npy.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"This .npy is of format {version[0]}.{version[1]}; 1.0 is read here.")
    shape, _, _ = npy.read_array_header_1_0(file)
    return shape
