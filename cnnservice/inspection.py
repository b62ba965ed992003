"""What the API asks of an inspect worker, and what comes back.

Requests wait in a list in Redis, with their images, until a worker takes all that wait at once; a Celery message only
wakes a worker up. Answers go to a list of the process that asked, arrays as bytes. Both have a short life.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import redis
from numpy.typing import NDArray
from safetensors.numpy import load, save

from cnnservice.errors import DomainError, error_fields, error_of
from cnnservice.weights import StoredFile

Operation = Literal["attribution", "feature_maps", "predictions", "export", "evaluation", "unit_activity"]
LIFE_SECONDS = 120
WAITING = "cnnservice:inspect"
# Set while a worker is about to look for requests; one that computes for seconds must not pass for such a worker.
AWAKE = "cnnservice:inspect:awake"
_AWAKE_MILLISECONDS = 50


@dataclass(frozen=True)
class InspectRequest:
    """One computation on the weights of one epoch, which lie in file.

    images are (n, H, W, C) float32, normalised; None where the operation is not about images that a client named.
    arguments are JSON, and differ by operation. Nobody waits for the answer after expires_at, in Unix seconds.
    asker tells whose request it is to whoever follows it: see telemetry.tracing.carrier.
    """

    request_id: str
    reply_to: str
    model_id: str
    epoch: int
    file: StoredFile
    operation: Operation
    expires_at: float
    arguments: dict[str, Any] = field(default_factory=dict)
    images: NDArray[np.float32] | None = None
    asker: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Arrays by name, or the error that came instead."""

    request_id: str
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: DomainError | None = None


def encode_request(request: InspectRequest) -> bytes:
    """A request as it waits."""
    head = {name: value for name, value in vars(request).items() if name != "images"} | {"file": vars(request.file)}
    return _framed(head, {} if request.images is None else {"images": request.images})


def expiry(content: bytes) -> float:
    """expires_at of a request as it waits."""
    told: float = json.loads(content.split(b"\n", 1)[0])["expires_at"]
    return told


def take_requests(client: redis.Redis, most: int, wait_seconds: float) -> list[InspectRequest]:
    """Those that wait, at most so many, the oldest first; where none does, the next that comes within so long.

    They are taken: nobody else gets them. When there is none, whoever calls may go to sleep: what comes from now on
    wakes a worker.
    """
    with client.pipeline(transaction=False) as pipeline:
        pipeline.set(AWAKE, 1, px=_AWAKE_MILLISECONDS)
        pipeline.blmpop(wait_seconds, 1, WAITING, direction="LEFT", count=most)
        popped = pipeline.execute()[-1]
    if popped is None:
        # One that came after the wait and found a worker awake is still seen; one that comes later finds none.
        with client.pipeline(transaction=False) as pipeline:
            pipeline.delete(AWAKE)
            pipeline.lmpop(1, WAITING, direction="LEFT", count=most)
            popped = pipeline.execute()[-1]
    return [_decode_request(content) for content in popped[1]] if popped else []


def send_answers(client: redis.Redis, answers: Iterable[tuple[str, Answer]]) -> None:
    """Put answers, each with the reply_to of its request, where their askers wait."""
    contents = defaultdict[str, list[bytes]](list)
    for reply_to, answer in answers:
        head = {"request_id": answer.request_id, "error": None if answer.error is None else error_fields(answer.error)}
        contents[reply_to].append(_framed(head, answer.arrays))
    with client.pipeline(transaction=False) as pipeline:
        for reply_to, framed in contents.items():
            pipeline.rpush(reply_to, *framed)
            pipeline.expire(reply_to, LIFE_SECONDS)
        pipeline.execute()


def decode_answer(content: bytes) -> Answer:
    """What send_answers sent."""
    fields, arrays = _unframed(content)
    return Answer(fields["request_id"], arrays, error_of(fields["error"]) if fields["error"] else None)


def _decode_request(content: bytes) -> InspectRequest:
    fields, arrays = _unframed(content)
    return InspectRequest(**fields | {"file": StoredFile(**fields["file"])}, images=arrays.get("images"))


def _framed(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return json.dumps(head).encode() + b"\n" + save(contiguous)


def _unframed(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    head, body = content.split(b"\n", 1)
    return json.loads(head), load(body)


def by_weights(requests: Sequence[InspectRequest]) -> list[list[InspectRequest]]:
    """Requests in groups for the same weights, in the order in which the first of each came."""
    groups = defaultdict[str, list[InspectRequest]](list)
    for request in requests:
        groups[request.file.path].append(request)
    return list(groups.values())
