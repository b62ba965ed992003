"""A sweep: many jobs that differ in some of their settings, to be compared when they have ended, or meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from cnnservice.client.models import Model
from cnnservice.client.pictures import Picture
from cnnservice.client.problems import ClientError, NoAnswer
from cnnservice.client.resource import Resource

_PAUSE_SECONDS = 1.0
# Questions in a row that nobody answers.
_PATIENCE = 30


class SweepFailed(ClientError):
    """The sweep has ended, and none of its trials has succeeded."""

    def __init__(self, sweep_id: str, status: str) -> None:
        super().__init__(f"Sweep {sweep_id} {status}; its trials say why.")
        self.sweep_id, self.status = sweep_id, status


class Sweep(Resource):
    """A sweep as it stood when it was last asked for; refresh() asks again."""

    _collection = "/v1/sweeps"

    @property
    def trials(self) -> list[dict[str, Any]]:
        """Its trials, the best first: values by JSON pointer, state, best epoch, history, `model_id`."""
        last = len(self.json["trials"]) + 1
        return sorted(self.json["trials"], key=lambda trial: (trial["rank"] or last, trial["number"]))

    @property
    def best(self) -> Model | None:
        """The model of the best trial, at its best epoch; None before any epoch has ended."""
        first = self.trials[0]
        return None if first["best"] is None else Model(self._transport, first["model_id"], first["best"]["epoch"])

    def model(self, number: int) -> Model:
        """The model of a trial, with all of its epochs."""
        return Model(self._transport, self.json["trials"][number]["model_id"], "last")

    def history_picture(self) -> Picture:
        """The curves of all trials over each other, the best in colours."""
        return Picture(self._transport, self._path("history"), {}, ("png", "svg"))

    def watch(self) -> Iterator[Sweep]:
        """Itself, whenever it has got on, to its end. Raises ProblemError, NoAnswer when the service stays away."""
        told, unanswered = None, 0
        while True:
            try:
                self.refresh()
                unanswered = 0
            except NoAnswer:
                unanswered += 1
                if unanswered == _PATIENCE:
                    raise
            if self.json != told and not unanswered:
                told = self.json
                yield self
                if self.status != "running":
                    return
            time.sleep(_PAUSE_SECONDS)

    def wait(self) -> Model:
        """The best model, at its best epoch, once all trials have ended. Raises SweepFailed, and what watch() does."""
        for _ in self.watch():
            pass
        if self.status != "succeeded" or self.best is None:
            raise SweepFailed(self.id, self.status)
        return self.best

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.json["counts"].items() if count)
        return f"<Sweep {self.id} {self.status}: {counts}>"
