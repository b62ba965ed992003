"""The inspect queue: outputs of warm models."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.broker import INSPECT_TASK
from cnnservice.errors import DomainError, UnavailableError
from cnnservice.inspection import Answer, InspectRequest, decode_images, send_answer
from cnnservice.models import Snapshot, open_snapshot
from worker.app import app, resources
from worker.operations.computation import Arrays, Computation
from worker.operations.registry import OPERATIONS

if TYPE_CHECKING:
    from cnnservice.nn.inference import WarmModel

_log = logging.getLogger(__name__)
_warm: OrderedDict[str, WarmModel] = OrderedDict()


def warm_up() -> None:
    """Import TensorFlow before the first request pays for it."""
    from cnnservice.nn import inference, runtime  # noqa: F401

    runtime.configure()


@app.task(name=INSPECT_TASK)  # type: ignore[untyped-decorator]
def inspect(**fields: Any) -> None:
    """Compute what an InspectRequest asks for and send the answer to where it waits."""
    request = InspectRequest(**fields)
    try:
        answer = Answer(request.request_id, _answer(request))
    except DomainError as error:
        answer = Answer(request.request_id, error=error)
    except Exception:
        _log.exception("request %s of model %s failed", request.request_id, request.model_id)
        answer = Answer(request.request_id, error=UnavailableError("The inspect worker failed; its log says why."))
    send_answer(resources().redis, request.reply_to, answer)


def _answer(request: InspectRequest) -> Arrays:
    parts = resources()
    snapshot = open_snapshot(parts.database, request.model_id, request.epoch)
    images = _images(request.images_key, snapshot)
    model = _warm_model(snapshot)
    model.load(snapshot.file.path, lambda: parts.store.read(snapshot.file, model.variables))
    return OPERATIONS[request.operation](Computation(parts, snapshot, model, images, request.arguments))


def _images(key: str | None, snapshot: Snapshot) -> NDArray[np.float32]:
    if key is None:
        return np.empty((0, *snapshot.summary().input_shape), np.float32)
    content = resources().redis.get(key)
    if content is None:
        raise UnavailableError("The request waited too long for an inspect worker and was dropped; ask again.")
    return decode_images(content)  # type: ignore[arg-type]


def _warm_model(snapshot: Snapshot) -> WarmModel:
    from cnnservice.nn.inference import WarmModel

    model_id = snapshot.job.id
    if model_id in _warm:
        _warm.move_to_end(model_id)
    else:
        _warm[model_id] = WarmModel(snapshot.architecture, snapshot.summary().input_shape)
        if len(_warm) > resources().settings.warm_models:
            _warm.popitem(last=False)
    return _warm[model_id]
