"""What a worker has computed of an epoch, kept so that it is computed once."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save
from starlette.concurrency import run_in_threadpool

from api.services import Services
from cnnservice.inspection import Operation
from cnnservice.models import Snapshot
from cnnservice.results import results_folder
from cnnservice.store import Altered, put_checked, read_checked

_log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[np.float32]]


async def computed_once(services: Services, snapshot: Snapshot, operation: Operation) -> Arrays:
    """The arrays of an operation that has no arguments, from the store where they are whole, else from a worker.

    Raises NoAnswer, StoreUnavailable, and what the worker raised.
    """
    store, path = services.checkpoints.store, _path(snapshot, operation)
    try:
        return load(await run_in_threadpool(read_checked, store, path))
    except FileNotFoundError:
        pass
    except Altered:
        _log.error("%s does not match its checksum; it is computed anew", path)
    arrays = await services.inspector.ask(operation, snapshot)
    await run_in_threadpool(put_checked, store, path, save(arrays))
    return arrays


def _path(snapshot: Snapshot, operation: Operation) -> str:
    identity = hashlib.sha256(f"{snapshot.identity} {operation}".encode()).hexdigest()
    return f"{results_folder(snapshot.job.id)}{identity}.safetensors"
