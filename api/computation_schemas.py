"""What is told of a long computation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.json_answer import JsonAnswer
from api.schemas import JobError
from cnnservice.computations import Kind, Status
from cnnservice.database.tables import Computation


class ComputationLinks(JsonAnswer):
    """Where to go from a computation."""

    self: str
    events: str
    result: str = Field(description="what was asked for, to be asked for again at the end")


class ComputationAnswer(JsonAnswer):
    """A long computation: how far it is, and where its result is to be had."""

    id: str
    model_id: str
    kind: Kind
    arguments: dict[str, Any]
    status: Status
    progress: float = Field(ge=0, le=1)
    message: str = Field(description="what it does now")
    attempt: int = Field(description="1, and one more each time a worker was lost")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: JobError | None
    links: ComputationLinks


def computation_answer(computation: Computation, result_url: str | None = None) -> ComputationAnswer:
    """A computation as its JSON; result_url is where who asks is to find its own form of the result."""
    place = f"/v1/computations/{computation.id}"
    told = {name: getattr(computation, name) for name in ComputationAnswer.model_fields if name != "links"}
    links = {"self": place, "events": f"{place}/events", "result": result_url or computation.result_url}
    return ComputationAnswer.model_validate({**told, "links": links})
