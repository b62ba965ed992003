"""What a worker has computed of an epoch, kept so that it is computed once."""

from __future__ import annotations

import hashlib

import numpy as np
import obstore
from numpy.typing import NDArray
from safetensors.numpy import load, save
from starlette.concurrency import run_in_threadpool

from api.services import Services
from cnnservice.inspection import Operation
from cnnservice.models import Snapshot

Arrays = dict[str, NDArray[np.float32]]


async def computed_once(services: Services, snapshot: Snapshot, operation: Operation) -> Arrays:
    """The arrays of an operation that has no arguments, from the store where they are, else from a worker.

    Raises NoAnswer, and what the worker raised.
    """
    store, path = services.checkpoints.store, _path(snapshot, operation)
    try:
        content = await run_in_threadpool(lambda: bytes(obstore.get(store, path).bytes()))
        return load(content)
    except FileNotFoundError:
        arrays = await services.inspector.ask(operation, model_id=snapshot.job.id, epoch=snapshot.epoch)
        await run_in_threadpool(obstore.put, store, path, save(arrays))
        return arrays


def delete_results(services: Services, model_id: str) -> None:
    """Remove all that was computed of a model."""
    store = services.checkpoints.store
    for batch in obstore.list(store, prefix=_folder(model_id)):
        obstore.delete(store, [entry["path"] for entry in batch])


def _path(snapshot: Snapshot, operation: Operation) -> str:
    identity = hashlib.sha256(f"{snapshot.identity} {operation}".encode()).hexdigest()
    return f"{_folder(snapshot.job.id)}{identity}.safetensors"


def _folder(model_id: str) -> str:
    return f"analysis/{model_id}/"
