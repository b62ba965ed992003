"""The model's weights alone, as one safetensors file, made from a checkpoint a piece at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obstore.store import ObjectStore

from cnnservice.models import Snapshot
from cnnservice.tensor_file import encode_header
from cnnservice.weights import (
    CheckpointStore,
    DamagedFile,
    StoredFile,
    TensorEntry,
    layer_tensors,
    read_range,
    variable_name,
)

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class WeightsFile:
    """A safetensors file that is not there yet: its first bytes are, and what follows them is read when it is sent."""

    header: bytes
    entries: tuple[TensorEntry, ...]
    size: int
    _store: ObjectStore
    _file: StoredFile

    def check(self) -> None:
        """Read all of it once: of a file whose sending has begun, nothing can be said any more.

        Raises DamagedFile, StoreUnavailable.
        """
        for _ in self.chunks():
            pass

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, a piece at a time. Raises DamagedFile."""
        yield self.header
        for entry in self.entries:
            crc32 = 0
            for start in range(0, entry.length, _PIECE_BYTES):
                piece = self._read(entry.start + start, min(_PIECE_BYTES, entry.length - start))
                crc32 = zlib.crc32(piece, crc32)
                yield piece
            if crc32 != entry.crc32:
                raise DamagedFile(self._file.path, f"tensor {entry.name} does not match its checksum")

    def _read(self, start: int, length: int) -> bytes:
        return read_range(self._store, self._file.path, self._file.size, start, start + length)


def weights_file(store: CheckpointStore, snapshot: Snapshot, description: Mapping[str, str]) -> WeightsFile:
    """Weights by `<layer>/<variable>`, e.g. Conv1/kernel, in the order of the layers; description is the metadata.

    Raises DamagedFile.
    """
    header = store.header(snapshot.file)
    entries = {
        f"{layer.name}/{variable_name(entry)}": entry
        for layer in snapshot.summary().layers
        for entry in layer_tensors(header, layer.name)
    }
    first = encode_header({name: (entry.dtype, entry.shape) for name, entry in entries.items()}, description)
    size = len(first) + sum(entry.length for entry in entries.values())
    return WeightsFile(first, tuple(entries.values()), size, store.store, snapshot.file)
