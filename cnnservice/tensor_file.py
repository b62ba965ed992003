"""The safetensors format: a length, a JSON header, and the tensors one after the other.

Source: github.com/huggingface/safetensors. Its own writer copies what it writes three times; here the header is made,
and tensors are written from where they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

_DTYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
    "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
}  # fmt: skip
_NAMES = {np.dtype(kind): name for name, kind in _DTYPES.items()}
_LENGTH_BYTES = 8

Described = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]


def encode_header(tensors: Described, metadata: Mapping[str, str]) -> bytes:
    """What stands before tensors of these dtypes and shapes, which follow in this order without a gap."""
    fields: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + dtype.itemsize * prod(shape)
        fields[name] = {"dtype": _NAMES[dtype], "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(fields, separators=(",", ":")).encode()
    # The format wants the tensors to begin at a multiple of eight.
    text += b" " * (-len(text) % _LENGTH_BYTES)
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text


def decode_header(content: bytes) -> tuple[dict[str, tuple[np.dtype[Any], tuple[int, ...], int]], dict[str, str]]:
    """Of each tensor dtype, shape and where it begins in the file; and the metadata. content is a header of ours."""
    fields = json.loads(content[_LENGTH_BYTES:])
    metadata: dict[str, str] = fields.pop("__metadata__")
    tensors = {
        name: (np.dtype(_DTYPES[tensor["dtype"]]), tuple(tensor["shape"]), len(content) + tensor["data_offsets"][0])
        for name, tensor in fields.items()
    }
    return tensors, metadata
