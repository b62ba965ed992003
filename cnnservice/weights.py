"""Epoch checkpoints in the artifact store: written whole, read a tensor at a time.

A checkpoint is one safetensors file. Model variables are keyed `model/<layer>/<index>/<name>`, other state under
`optimizer/` and `seed/`. The header's metadata holds a CRC-32 for each tensor, so that what is read in part is
checked in part; the header itself is checked against the SHA-256 kept in the epoch's row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np
import obstore
from numpy.typing import NDArray
from obstore.exceptions import BaseError, GenericError
from obstore.store import LocalStore, ObjectStore

from cnnservice.errors import CorruptError
from cnnservice.store import StoreUnavailable, outages_told, put_whole
from cnnservice.tensor_file import decode_header, encode_header

Tensors = Mapping[str, NDArray[Any]]
T = TypeVar("T")
R = TypeVar("R")
_REMEMBERED = 4096
_AHEAD_BYTES = 64 << 10
# Requests to a bucket at a time: they take long, and nearly all of it is waiting.
_READERS = 16


class DamagedFile(CorruptError):
    """A stored file is missing, cut short or changed."""

    code = "damaged-file"

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"The stored file {path} is damaged: {what}. Other epochs are not affected.")
        self.path = path


@dataclass(frozen=True)
class StoredFile:
    """Where a checkpoint is, and what its header must be. Sizes are bytes; header_size includes its length prefix."""

    path: str
    size: int
    header_size: int
    header_sha256: str


@dataclass(frozen=True)
class TensorEntry:
    """Where one tensor lies in its file."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int
    length: int
    crc32: int


@dataclass(frozen=True)
class Header:
    """What a checkpoint holds, in the order of the model's variables, and what its writer noted."""

    tensors: Mapping[str, TensorEntry]
    notes: Mapping[str, Any]


def checkpoint_path(model_id: str, token: int, epoch: int) -> str:
    """Each claim writes below its own token, so that two that believe they own a job never share a file."""
    return f"models/{model_id}/t{token}/epoch-{epoch:05d}.safetensors"


def layer_tensors(header: Header, layer: str) -> list[TensorEntry]:
    """One layer's variables in Keras' order: kernel, then bias."""
    prefix = f"model/{layer}/"
    return [entry for name, entry in header.tensors.items() if name.startswith(prefix)]


def variable_name(entry: TensorEntry) -> str:
    """The variable's own name, e.g. kernel."""
    return entry.name.rsplit("/", 1)[1]


class CheckpointStore:
    """Checkpoints in one artifact store. Headers read are remembered, as files never change."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self._headers: dict[StoredFile, Header] = {}

    def header(self, file: StoredFile) -> Header:
        """What a checkpoint holds. Raises DamagedFile, StoreUnavailable."""
        known = self._headers.get(file)
        return self._read_start(file, file.header_size)[0] if known is None else known

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """What work, which reads this store, makes of each item; at once where the store is not on this machine."""
        if isinstance(self.store, LocalStore) or len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(min(len(items), _READERS)) as readers:
            return list(readers.map(work, items))

    def write(self, path: str, tensors: Tensors, notes: Mapping[str, Any]) -> StoredFile:
        """Store tensors and notes whole: a reader sees all of the file or none. notes must be JSON.

        Raises StoreUnavailable.
        """
        contents = {name: np.ascontiguousarray(tensor).reshape(-1).view(np.uint8) for name, tensor in tensors.items()}
        checks = {name: zlib.crc32(content.data) for name, content in contents.items()}
        header = encode_header(
            {name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()},
            {"crc32": json.dumps(checks), "notes": json.dumps(notes)},
        )
        put_whole(self.store, path, [header, *(content.data for content in contents.values() if content.size)])
        size = len(header) + sum(content.size for content in contents.values())
        return StoredFile(path, size, len(header), hashlib.sha256(header).hexdigest())

    def read(self, file: StoredFile, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """These tensors, read as one range of the file that spans them, and checked. Read-only.

        Raises DamagedFile, StoreUnavailable.
        """
        tensors = self.header(file).tensors
        return self._tensors(file, [tensors[name] for name in names])

    def read_layer(self, file: StoredFile, layer: str) -> dict[str, NDArray[Any]]:
        """A layer's variables by their own names, in Keras' order. Raises DamagedFile, StoreUnavailable.

        A header that is not known yet is read together with what follows it, where small layers lie.
        """
        header, start = self._headers.get(file), b""
        if header is None:
            header, start = self._read_start(file, min(file.header_size + _AHEAD_BYTES, file.size))
        entries = layer_tensors(header, layer)
        tensors = self._tensors(file, entries, start)
        return {variable_name(entry): tensors[entry.name] for entry in entries}

    def _tensors(self, file: StoredFile, entries: Sequence[TensorEntry], start: bytes = b"") -> dict[str, NDArray[Any]]:
        """start is the beginning of the file, as much of it as has been read."""
        occupied = [entry for entry in entries if entry.length]
        first = min((entry.start for entry in occupied), default=0)
        last = max((entry.start + entry.length for entry in occupied), default=0)
        span = memoryview(start[first:last] if last <= len(start) else self._span(file, first, last))
        arrays = {}
        for entry in entries:
            content = span[entry.start - first :][: entry.length] if entry.length else b""
            if zlib.crc32(content) != entry.crc32:
                raise DamagedFile(file.path, f"tensor {entry.name} does not match its checksum")
            arrays[entry.name] = np.frombuffer(content, entry.dtype).reshape(entry.shape)
        return arrays

    def delete(self, paths: Sequence[str]) -> None:
        """Remove these checkpoints; harmless where one is not there."""
        for path in paths:
            with outages_told(), contextlib.suppress(FileNotFoundError):
                obstore.delete(self.store, path)

    def delete_garbage(self, model_id: str, keep: Callable[[list[str]], set[str]]) -> None:
        """Remove what else lies under a model's name; keep says which of these paths some model still has."""
        for batch in obstore.list(self.store, prefix=f"models/{model_id}/"):
            paths = [entry["path"] for entry in batch]
            kept = keep(paths)
            self.delete([path for path in paths if path not in kept])

    def _read_start(self, file: StoredFile, end: int) -> tuple[Header, bytes]:
        """The header, and the file up to there."""
        start = self._span(file, 0, end)
        header = _parse_header(file, start[: file.header_size])
        while len(self._headers) >= _REMEMBERED:
            self._headers.pop(next(iter(self._headers)), None)
        self._headers[file] = header
        return header, start

    def _span(self, file: StoredFile, start: int, end: int) -> bytes:
        # One range, cut up by the caller: obstore's get_ranges panics when a file is shorter than ranges it has joined.
        return read_range(self.store, file.path, file.size, start, end)


def check_whole(file: StoredFile, content: bytes | mmap.mmap) -> None:
    """Check all of a checkpoint's content. Raises DamagedFile."""
    with memoryview(content) as view:
        if len(view) != file.size:
            raise DamagedFile(file.path, _wrong_size(len(view), file.size))
        for entry in _parse_header(file, bytes(view[: file.header_size])).tensors.values():
            if zlib.crc32(view[entry.start : entry.start + entry.length]) != entry.crc32:
                raise DamagedFile(file.path, f"tensor {entry.name} does not match its checksum")


def _parse_header(file: StoredFile, content: bytes) -> Header:
    if hashlib.sha256(content).hexdigest() != file.header_sha256:
        raise DamagedFile(file.path, "its header does not match its checksum")
    tensors, metadata = decode_header(content)
    checks = json.loads(metadata["crc32"])
    entries = {
        # In the order of the checks: files of before the tensors were in this order have them in it, too.
        name: TensorEntry(name, shape, dtype, start, dtype.itemsize * prod(shape), crc32)
        for name, crc32 in checks.items()
        for dtype, shape, start in [tensors[name]]
    }
    return Header(entries, json.loads(metadata["notes"]))


def read_range(store: ObjectStore, path: str, size: int, start: int, end: int) -> bytes:
    """Bytes start to end of a file that must have this size. Raises DamagedFile, StoreUnavailable."""
    try:
        answer = obstore.get(store, path, options={"range": (start, end)})
        content = bytes(answer.bytes())
    except FileNotFoundError:
        raise DamagedFile(path, "it is not there") from None
    except GenericError as error:
        # Said of a range beyond the end, and of a store that is away.
        raise (_damage(store, path, size) or StoreUnavailable(error)) from error
    except BaseError as error:
        raise StoreUnavailable(error) from error
    if answer.meta["size"] != size:
        raise DamagedFile(path, _wrong_size(answer.meta["size"], size))
    return content


def _damage(store: ObjectStore, path: str, size: int) -> DamagedFile | None:
    with outages_told():
        try:
            found = obstore.head(store, path)["size"]
        except FileNotFoundError:
            return DamagedFile(path, "it is not there")
    return None if found == size else DamagedFile(path, _wrong_size(found, size))


def _wrong_size(found: int, size: int) -> str:
    return f"it has {found} bytes and should have {size}"
