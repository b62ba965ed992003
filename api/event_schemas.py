"""What event streams tell, one event at a time. OpenAPI has no words for the lines of a stream, so they are here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel

from api.computation_schemas import ComputationLinks
from api.json_answer import JsonAnswer
from api.schemas import JobError
from cnnservice import computations, jobs


class StatusBody(JsonAnswer):
    """Where a job stands."""

    status: jobs.Status
    attempt: int = Field(description="1, and one more each time a worker was lost")
    epochs_done: int


class BatchBody(JsonAnswer):
    """How far an epoch is; beside these, the loss and metrics of its batches so far by name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    epoch: int = Field(description="the one being trained")
    step: int = Field(description="batches done")
    steps: int = Field(description="batches in an epoch")


class EpochBody(JsonAnswer):
    """An epoch that is stored; beside these, its loss and metrics by name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    epoch: int
    epochs: int = Field(description="the number of the last that is to be trained")
    seconds: float


class EndBody(JsonAnswer):
    """How a job ended."""

    status: jobs.Status
    epochs_done: int
    error: JobError | None


class StatusEvent(JsonAnswer):
    """A job's status, first of all and whenever it changes."""

    event: Literal["status"]
    id: str
    data: StatusBody


class BatchEvent(JsonAnswer):
    """At most five a second, while an epoch is trained."""

    event: Literal["batch"]
    id: str
    data: BatchBody


class EpochEvent(JsonAnswer):
    """Each epoch, once, in order."""

    event: Literal["epoch"]
    id: str
    data: EpochBody


class EndEvent(JsonAnswer):
    """The last one."""

    event: Literal["end"]
    id: str
    data: EndBody


class JobEvent(
    RootModel[Annotated[StatusEvent | BatchEvent | EpochEvent | EndEvent, Field(discriminator="event")]],
):
    """One event of a job's stream.

    On the wire `event` and `id` are the lines of these names, and `data` is the JSON in the line `data`; `id` is what
    Last-Event-ID takes.
    """


class ComputationStatusBody(JsonAnswer):
    """Where a computation stands."""

    status: computations.Status
    attempt: int


class ProgressBody(JsonAnswer):
    """How far it is."""

    progress: float = Field(ge=0, le=1)
    message: str = Field(description="what it does now")


class ComputationEndBody(JsonAnswer):
    """How it ended, and where its result is."""

    status: computations.Status
    error: JobError | None
    links: ComputationLinks


class ComputationStatusEvent(JsonAnswer):
    """A computation's status, first of all and whenever it changes."""

    event: Literal["status"]
    id: str
    data: ComputationStatusBody


class ProgressEvent(JsonAnswer):
    """Whenever it gets on."""

    event: Literal["progress"]
    id: str
    data: ProgressBody


class ComputationEndEvent(JsonAnswer):
    """The last one."""

    event: Literal["end"]
    id: str
    data: ComputationEndBody


class ComputationEvent(
    RootModel[Annotated[ComputationStatusEvent | ProgressEvent | ComputationEndEvent, Field(discriminator="event")]],
):
    """One event of a computation's stream.

    On the wire `event` and `id` are the lines of these names, and `data` is the JSON in the line `data`.
    """
