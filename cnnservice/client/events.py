"""What happens to a job while it is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnnservice.client.following import Message

_LABELS = {
    "loss": "loss",
    "categorical_accuracy": "acc",
    "val_loss": "val loss",
    "val_categorical_accuracy": "val acc",
}


@dataclass(frozen=True)
class StatusEvent:
    """The job has another status. attempt is 1, and one more each time a worker was lost."""

    id: str
    status: str
    attempt: int
    epochs_done: int

    def __str__(self) -> str:
        return "waiting for a worker" if self.status == "queued" else self.status


@dataclass(frozen=True)
class BatchEvent:
    """A batch of an epoch is done: step of steps; metrics are the means of the epoch so far."""

    id: str
    epoch: int
    step: int
    steps: int
    metrics: Mapping[str, float]

    @property
    def done(self) -> float:
        """How many epochs are done, with this one's part."""
        return self.epoch - 1 + self.step / self.steps

    def __str__(self) -> str:
        return f"epoch {self.epoch}, step {self.step}/{self.steps}  {metrics_text(self.metrics)}"


@dataclass(frozen=True)
class EpochEvent:
    """An epoch is done and can be looked at. epochs is the number of the job's last."""

    id: str
    epoch: int
    epochs: int
    seconds: float
    metrics: Mapping[str, float]

    @property
    def done(self) -> float:
        """How many epochs are done."""
        return self.epoch

    def __str__(self) -> str:
        return f"epoch {self.epoch}/{self.epochs}  {metrics_text(self.metrics)}"


@dataclass(frozen=True)
class EndEvent:
    """The job has ended: succeeded, failed or cancelled. error says why it failed: `code` and `detail`."""

    id: str
    status: str
    epochs_done: int
    error: Mapping[str, str] | None

    def __str__(self) -> str:
        return self.status if self.error is None else f"{self.status}: {self.error['detail']}"


Event = StatusEvent | BatchEvent | EpochEvent | EndEvent


def event_of(message: Message) -> Event | None:
    """The event that came; None of a kind that this client does not know."""
    body = dict(message.body)
    if message.kind == "status":
        return StatusEvent(message.id, body["status"], body["attempt"], body["epochs_done"])
    if message.kind == "batch":
        return BatchEvent(message.id, body.pop("epoch"), body.pop("step"), body.pop("steps"), _numbers(body))
    if message.kind == "epoch":
        return EpochEvent(message.id, body.pop("epoch"), body.pop("epochs"), body.pop("seconds"), _numbers(body))
    if message.kind == "end":
        return EndEvent(message.id, body["status"], body["epochs_done"], body["error"])
    return None


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Loss and accuracy on one line."""
    return "  ".join(f"{label} {metrics[name]:.3f}" for name, label in _LABELS.items() if name in metrics)


def _numbers(body: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in body.items() if isinstance(value, int | float)}
