"""Epoch checkpoints in the artifact store: written whole, read a tensor at a time.

A checkpoint is one safetensors file. Model variables are keyed `model/<layer>/<index>/<name>`, other state under
`optimizer/` and `seed/`. The header's metadata holds a CRC-32 for each tensor, so that what is read in part is
checked in part; the header itself is checked against the SHA-256 kept in the epoch's row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import obstore
from numpy.typing import NDArray
from obstore.exceptions import BaseError, GenericError
from obstore.store import ObjectStore

from cnnservice.errors import CorruptError
from cnnservice.store import StoreUnavailable, outages_told, put_whole

Tensors = Mapping[str, NDArray[Any]]

_DTYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
    "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
}  # fmt: skip
_NAMES = {np.dtype(kind): name for name, kind in _DTYPES.items()}


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
        self.header = lru_cache(maxsize=4096)(self._read_header)

    def write(self, path: str, tensors: Tensors, notes: Mapping[str, Any]) -> StoredFile:
        """Store tensors and notes whole: a reader sees all of the file or none. notes must be JSON.

        Raises StoreUnavailable.
        """
        contents = {name: np.ascontiguousarray(tensor).reshape(-1).view(np.uint8) for name, tensor in tensors.items()}
        header = _header(tensors, contents, notes)
        put_whole(self.store, path, [header, *(content.data for content in contents.values() if content.size)])
        size = len(header) + sum(content.size for content in contents.values())
        return StoredFile(path, size, len(header), hashlib.sha256(header).hexdigest())

    def read(self, file: StoredFile, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """These tensors, read as one range of the file that spans them, and checked. Read-only.

        Raises DamagedFile, StoreUnavailable.
        """
        tensors = self.header(file).tensors
        entries = [tensors[name] for name in names]
        occupied = [entry for entry in entries if entry.length]
        first = min((entry.start for entry in occupied), default=0)
        last = max((entry.start + entry.length for entry in occupied), default=0)
        span = memoryview(self._span(file, first, last) if occupied else b"")
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

    def _read_header(self, file: StoredFile) -> Header:
        content = self._span(file, 0, file.header_size)
        if hashlib.sha256(content).hexdigest() != file.header_sha256:
            raise DamagedFile(file.path, "its header does not match its checksum")
        fields = json.loads(content[8:])
        metadata = fields.pop("__metadata__")
        tensors = {}
        for name, crc32 in json.loads(metadata["crc32"]).items():
            (start, end), dtype = fields[name]["data_offsets"], np.dtype(_DTYPES[fields[name]["dtype"]])
            shape = tuple(fields[name]["shape"])
            tensors[name] = TensorEntry(name, shape, dtype, file.header_size + start, end - start, crc32)
        return Header(tensors, json.loads(metadata["notes"]))

    def _span(self, file: StoredFile, start: int, end: int) -> bytes:
        # One range, cut up by the caller: obstore's get_ranges panics when a file is shorter than ranges it has joined.
        return read_range(self.store, file.path, file.size, start, end)


def _header(tensors: Tensors, contents: Mapping[str, NDArray[np.uint8]], notes: Mapping[str, Any]) -> bytes:
    """What stands before the tensors, in the order given: a length, then JSON.

    Tensors lie in that order, a layer's beside each other, and are written from where they are: safetensors' own writer
    copies them three times. Source: the safetensors format, github.com/huggingface/safetensors.
    """
    checks = {name: zlib.crc32(content.data) for name, content in contents.items()}
    fields: dict[str, Any] = {"__metadata__": {"crc32": json.dumps(checks), "notes": json.dumps(notes)}}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        fields[name] = {"dtype": _NAMES[tensor.dtype], "shape": tensor.shape, "data_offsets": [begin, end]}
    text = json.dumps(fields, separators=(",", ":")).encode()
    # The format wants the tensors to begin at a multiple of eight.
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


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
