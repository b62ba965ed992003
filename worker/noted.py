"""What the child that trains leaves behind for its parent when it is killed without a word."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

# A job id, and two numbers.
_FORM = struct.Struct("36sqq")


@dataclass(frozen=True)
class Note:
    """The child's job, the token it is held by, and what killed_by_kernel() was a moment ago."""

    job_id: str
    token: int
    killed_by_kernel: int


class SharedNote:
    """Written by the child, read by its parent once it is dead: there is no lock that it could leave locked."""

    def __init__(self) -> None:
        self._bytes = mmap.mmap(-1, _FORM.size)

    def write(self, note: Note) -> None:
        """In the place of the one before."""
        self._bytes[:] = _FORM.pack(note.job_id.encode(), note.token, note.killed_by_kernel)

    def read(self) -> Note:
        """The last one written."""
        job_id, token, killed = _FORM.unpack(self._bytes[:])
        return Note(job_id.decode(), token, killed)


# Made before the fork.
noted = SharedNote()
