"""What a long computation has found, kept whole and checked in the artifact store.

It is one safetensors file behind its SHA-256, below its model's name, so that it goes when the model does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import obstore
from numpy.typing import NDArray
from obstore.store import ObjectStore
from safetensors.numpy import load, save

from cnnservice.store import outages_told, put_checked, read_checked

_LENGTH_BYTES = 8


@dataclass(frozen=True)
class Result:
    """Arrays by name, and what is said better in JSON."""

    arrays: Mapping[str, NDArray[Any]]
    document: Mapping[str, Any] = field(default_factory=dict)


def results_folder(model_id: str) -> str:
    """Below it lies all that was computed of a model."""
    return f"analysis/{model_id}/"


def put_result(store: ObjectStore, model_id: str, computation_id: str, result: Result) -> None:
    """Store a result whole. Raises StoreUnavailable."""
    contiguous = {name: np.asarray(array, order="C") for name, array in result.arrays.items()}
    content = save(contiguous, {"document": json.dumps(result.document)})
    put_checked(store, result_path(model_id, computation_id), content)


def read_result(store: ObjectStore, model_id: str, computation_id: str) -> Result:
    """A result as it was stored; its arrays are read-only. Raises FileNotFoundError, Altered, StoreUnavailable."""
    content = read_checked(store, result_path(model_id, computation_id))
    end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
    metadata = json.loads(content[_LENGTH_BYTES:end])["__metadata__"]
    return Result(load(content), json.loads(metadata["document"]))


def delete_result(store: ObjectStore, model_id: str, computation_id: str) -> None:
    """Remove a result; harmless where there is none. Raises StoreUnavailable."""
    with outages_told():
        try:
            obstore.delete(store, result_path(model_id, computation_id))
        except FileNotFoundError:
            return


def delete_results(store: ObjectStore, model_id: str) -> None:
    """Remove all that was computed of a model. Raises StoreUnavailable."""
    with outages_told():
        for batch in obstore.list(store, prefix=results_folder(model_id)):
            obstore.delete(store, [entry["path"] for entry in batch])


def result_path(model_id: str, computation_id: str) -> str:
    """Where a result lies in the artifact store."""
    return f"{results_folder(model_id)}{computation_id}.safetensors"
