"""What the child that trains leaves behind for its parent when it is killed without a word."""

from __future__ import annotations

import mmap
import struct
from dataclasses import astuple, dataclass

_FORM = struct.Struct("qq")


@dataclass(frozen=True)
class Note:
    """The token that the child's job is held by, and what killed_by_kernel() was a moment ago."""

    token: int
    killed_by_kernel: int


class SharedNote:
    """Written by the child, read by its parent once it is dead: there is no lock that it could leave locked."""

    def __init__(self) -> None:
        self._bytes = mmap.mmap(-1, _FORM.size)

    def write(self, note: Note) -> None:
        """In the place of the one before."""
        self._bytes[:] = _FORM.pack(*astuple(note))

    def read(self) -> Note:
        """The last one written."""
        return Note(*_FORM.unpack(self._bytes[:]))


# Made before the fork.
noted = SharedNote()
