"""A job: a training to be watched, waited for and stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnservice.client.events import EndEvent, Event, event_of
from cnnservice.client.following import follow
from cnnservice.client.models import Model
from cnnservice.client.problems import ClientError
from cnnservice.client.resource import Resource


class TrainingFailed(ClientError):
    """The job has ended, but not succeeded. error says why it failed; None where it was cancelled."""

    def __init__(self, job_id: str, status: str, error: Mapping[str, str] | None) -> None:
        super().__init__(f"Job {job_id} {status}" + ("." if error is None else f": {error['detail']}"))
        self.job_id, self.status, self.error = job_id, status, error


class Job(Resource):
    """A job as it stood when it was last asked for; refresh() asks again."""

    _collection = "/v1/jobs"

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return float(self.json["progress"])

    @property
    def error(self) -> Mapping[str, str] | None:
        """Why it failed: `code` and `detail`."""
        error: Mapping[str, str] | None = self.json["error"]
        return error

    @property
    def model(self) -> Model:
        """The model it trains, which can be looked at meanwhile."""
        return Model(self._transport, self.id)

    def watch(self) -> Iterator[Event]:
        """What happens to it, from its beginning to its end: every event once, whatever happens to the connection.

        At the end the job is refreshed. Raises ProblemError, NoAnswer when the service stays away.
        """
        for message in follow(self._transport, self._path("events")):
            event = event_of(message)
            if isinstance(event, EndEvent):
                self.refresh()
            if event is not None:
                yield event

    def wait(self) -> Model:
        """The model, once it is trained. Raises TrainingFailed, and what watch() does."""
        for _ in self.watch():
            pass
        if self.status != "succeeded":
            raise TrainingFailed(self.id, self.status, self.error)
        return self.model

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.status}, {self.progress:.0%}>"
