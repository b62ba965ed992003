"""What the API asks of an inspect worker, and what comes back.

The request travels as a Celery message; the images and the answer's arrays as bytes through Redis, with a short life.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import redis
from numpy.typing import NDArray
from safetensors.numpy import load, save

from cnnservice import errors
from cnnservice.errors import DomainError

Operation = Literal["feature_maps", "predictions", "export", "evaluation", "unit_activity"]
LIFE_SECONDS = 120


@dataclass(frozen=True)
class InspectRequest:
    """One computation on the weights of one epoch.

    images_key holds the images (n, H, W, C) float32, normalised, where the operation is about images that a client
    named. arguments are JSON, and differ by operation.
    """

    request_id: str
    reply_to: str
    model_id: str
    epoch: int
    operation: Operation
    images_key: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        """As keyword arguments of a Celery task."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """Arrays by name, or the error that came instead."""

    request_id: str
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: DomainError | None = None


def encode_images(images: NDArray[np.float32]) -> bytes:
    """Bytes to put under images_key."""
    return save({"images": np.ascontiguousarray(images)})


def decode_images(content: bytes) -> NDArray[np.float32]:
    """What encode_images was given."""
    return load(content)["images"]


def send_answer(client: redis.Redis, reply_to: str, answer: Answer) -> None:
    """Put an answer where its asker waits."""
    head = {"request_id": answer.request_id, "error": _error_fields(answer.error)}
    body = save({name: np.asarray(array, order="C") for name, array in answer.arrays.items()})
    with client.pipeline(transaction=False) as pipeline:
        pipeline.rpush(reply_to, json.dumps(head).encode() + b"\n" + body)
        pipeline.expire(reply_to, LIFE_SECONDS)
        pipeline.execute()


def decode_answer(content: bytes) -> Answer:
    """What send_answer sent."""
    head, body = content.split(b"\n", 1)
    fields = json.loads(head)
    return Answer(fields["request_id"], load(body), _error(fields["error"]))


def _error_fields(error: DomainError | None) -> dict[str, str] | None:
    if error is None:
        return None
    kind = next(base.__name__ for base in type(error).__mro__ if base.__module__ == errors.__name__)
    return {"kind": kind, "code": error.code, "title": error.title, "detail": error.detail}


def _error(fields: Mapping[str, str] | None) -> DomainError | None:
    if fields is None:
        return None
    kind: type[DomainError] = getattr(errors, fields["kind"])
    error = kind(fields["detail"])
    error.code, error.title = fields["code"], fields["title"]
    return error
