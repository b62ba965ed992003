"""The inspect queue: outputs of warm models."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import redis
from opentelemetry.trace import SpanKind

from cnnservice.broker import INSPECT_TASK
from cnnservice.errors import DomainError, UnavailableError
from cnnservice.inspection import Answer, InspectRequest, by_weights, send_answers, take_requests
from cnnservice.models import open_snapshot
from cnnservice.telemetry.context import bound
from cnnservice.telemetry.families import WARM_HITS, WARM_MISSES
from cnnservice.telemetry.tracing import span
from worker.alone import Alone
from worker.app import app, resources
from worker.operations.computation import Arrays, Computation
from worker.operations.registry import OPERATIONS
from worker.stopping import stopping

if TYPE_CHECKING:
    from cnnservice.nn.inference import WarmModel

_log = logging.getLogger(__name__)
_warm: OrderedDict[str, WarmModel] = OrderedDict()
# Asked again by those who wait long; only of late, as nobody asks for longer than inspect_timeout_seconds.
_answered: OrderedDict[str, None] = OrderedDict()
_REMEMBERED = 10_000
# Taken at once; what is left is for another worker, or for the next round.
_AT_ONCE = 16
# Under load the next request is there within this time, and needs no message to wake a worker up for it: Celery takes
# longer to receive one than a network to run.
_LINGER_SECONDS = 0.003
# An answer waits at most so long for the others of its round.
_HOLD_SECONDS = 0.02


def warm_up() -> None:
    """Do what TensorFlow does once before the first request pays for it."""
    from cnnservice.nn import runtime
    from cnnservice.nn.warm_up import warm_up as warm_up_tensorflow

    runtime.configure()
    warm_up_tensorflow()


@app.task(name=INSPECT_TASK)  # type: ignore[untyped-decorator]
def inspect() -> None:
    """Answer all that waits, unless another thread is at it."""
    _answer_all_that_waits()


def _work() -> None:
    """Answer all that waits, and what comes while it does; what a worker that stops leaves is for the next one."""
    client = resources().redis
    while not stopping.is_set() and (requests := take_requests(client, _AT_ONCE, _LINGER_SECONDS)):
        ready, since = list[tuple[str, Answer]](), time.monotonic()
        for request, answer in _answers(requests):
            ready.append((request.reply_to, answer))
            if time.monotonic() - since > _HOLD_SECONDS:
                _send(client, ready)
                ready, since = [], time.monotonic()
        _send(client, ready)


_answer_all_that_waits = Alone(_work)


def _send(client: redis.Redis, ready: list[tuple[str, Answer]]) -> None:
    try:
        send_answers(client, ready)
    except redis.RedisError as error:
        # Those who asked are told that the broker was away, or ask again; what waits is still to be answered.
        _log.warning("%s answers are lost: %s", len(ready), error)


def _answers(requests: list[InspectRequest]) -> Iterator[tuple[InspectRequest, Answer]]:
    """Those for the same weights one after the other, so that these are taken on once.

    Each image runs through the network by itself: in one batch with others its bits could depend on theirs.
    """
    for group in by_weights(requests):
        for request in group:
            if time.time() <= request.expires_at and request.request_id not in _answered:
                with _followed(request):
                    answer = _answer(request)
                yield request, answer
                _answered[request.request_id] = None
    while len(_answered) > _REMEMBERED:
        _answered.popitem(last=False)


@contextmanager
def _followed(request: InspectRequest) -> Iterator[None]:
    told: dict[str, str | int] = {"model_id": request.model_id, "epoch": request.epoch}
    if "request_id" in request.asker:
        told["request_id"] = request.asker["request_id"]
    with bound(**told), span(request.operation, SpanKind.SERVER, parent=request.asker, attributes=told):
        yield


def _answer(request: InspectRequest) -> Answer:
    try:
        return Answer(request.request_id, _compute(request))
    except DomainError as error:
        return Answer(request.request_id, error=error)
    except Exception:
        _log.exception("request %s of model %s failed", request.request_id, request.model_id)
        return Answer(request.request_id, error=UnavailableError("The inspect worker failed; its log says why."))


def _compute(request: InspectRequest) -> Arrays:
    parts = resources()
    model = _warm_model(request)
    model.load(request.file.path, lambda: parts.store.read(request.file, model.variables))
    return OPERATIONS[request.operation](Computation(parts, request, model))


def _warm_model(request: InspectRequest) -> WarmModel:
    from cnnservice.nn.inference import WarmModel

    model_id, settings = request.model_id, resources().settings
    if model_id in _warm:
        _warm.move_to_end(model_id)
        resources().counts.add(WARM_HITS)
    else:
        resources().counts.add(WARM_MISSES)
        snapshot = open_snapshot(resources().database, model_id, request.epoch)
        _warm[model_id] = WarmModel(
            snapshot.architecture, snapshot.summary().input_shape, memory_bytes=settings.warm_weights_bytes
        )
        if len(_warm) > settings.warm_models:
            _warm.popitem(last=False)
    return _warm[model_id]
