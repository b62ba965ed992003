"""The Python client's jobs: watched through cut connections, waited for, gone on from."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
import redis

from cnnservice.client import (
    BatchEvent,
    Client,
    EndEvent,
    EpochEvent,
    Model,
    ProblemError,
    StatusEvent,
    TrainingFailed,
)
from cnnservice.client import parameters as said
from live import Stack
from places.scissors import Scissors

SMALL: dict[str, Any] = {"train_samples": 192, "test_samples": 64}
# Of event streams until they are cut: within the head, within an event and, by luck, between two.
LENGTHS = [0, 100, 480, 610, 530, 777, 590, 444, 640]


def test_a_watched_job_tells_everything_once_through_a_connection_that_is_cut(stack: Stack) -> None:
    with Scissors(stack.url, LENGTHS) as scissors, Client(scissors.url) as service:
        job = service.train("mnist", epochs=6, train_samples=640, test_samples=64)
        events = list(job.watch())
        assert scissors.cuts > len(LENGTHS) // 2
        assert job.status == "succeeded"
        told = job.model.history()["val_loss"]
    assert isinstance(events[0], StatusEvent)
    epochs = [event for event in events if isinstance(event, EpochEvent)]
    assert [event.epoch for event in epochs] == [1, 2, 3, 4, 5, 6]
    assert [event for event in events if isinstance(event, EndEvent)] == [events[-1]]
    assert [event.metrics["val_loss"] for event in epochs] == told
    assert any(isinstance(event, BatchEvent) and event.steps == 10 for event in events)
    # What the broker's own stream has since the first that was seen.
    seen = [_milliseconds(event.id) for event in events]
    stream = redis.Redis.from_url(stack.settings.resolved_redis_url).xrange(f"cnnservice:events:{job.id}")
    written = [_milliseconds(entry[0].decode()) for entry in stream]  # type: ignore[union-attr]
    assert seen[1:] == [each for each in written if each > seen[0]]


def _milliseconds(event_id: str) -> int:
    return int(event_id.split("-")[0])


def test_a_job_can_be_looked_into_while_it_trains(service: Client) -> None:
    job = service.train("mnist", epochs=3, **SMALL)
    kernels = []
    for event in job.watch():
        if isinstance(event, EpochEvent):
            kernels.append(job.model.layer("Conv1").filters(epoch=event.epoch).array)
    assert (job.status, job.progress) == ("succeeded", 1)
    assert len(kernels) == 3
    assert not np.array_equal(kernels[0], kernels[2])
    # Watched again, it tells the same epochs.
    assert [event.epoch for event in service.job(job.id).watch() if isinstance(event, EpochEvent)] == [1, 2, 3]
    job.delete()
    with pytest.raises(ProblemError) as gone:
        job.refresh()
    assert gone.value.status == 404


def test_a_job_that_does_not_succeed_says_why(service: Client) -> None:
    layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    steps = {"loss": "mean_squared_error", "optimizer": {"name": "sgd", "learning_rate": 10}}
    job = service.train("mnist", architecture={"layers": layers}, compile=steps, epochs=50, **SMALL)
    with pytest.raises(TrainingFailed, match="smaller learning rate") as failed:
        job.wait()
    assert (failed.value.status, failed.value.error) == ("failed", job.error)
    assert job.error
    assert job.error["code"] == "diverged"
    job = service.train("mnist", epochs=100, tags=["stopped"]).cancel()
    with pytest.raises(TrainingFailed, match="cancelled"):
        job.wait()
    with pytest.raises(ProblemError) as twice:
        job.cancel()
    assert twice.value.status == 409


def test_going_on_and_comparing_take_models(service: Client, small_cnn: Model, small_mlp: Model) -> None:
    job = service.train("mnist", epochs=1, continue_from=small_cnn.at(1))
    child = job.wait()
    assert child.history()["epoch"] == [1, 2]
    # The same bits as without a stop.
    np.testing.assert_array_equal(child.layer("FC2").filters().array, small_cnn.layer("FC2").filters().array)
    comparison = service.compare([small_cnn, job, small_mlp])
    assert [row["id"] for row in comparison.models] == [small_cnn.id, job.id, small_mlp.id]
    optimizers = comparison.differences["/compile/optimizer/name"]
    assert (optimizers[small_cnn.id], optimizers[small_mlp.id]) == ("sgd", "adam")


def test_all_pages_of_jobs_are_walked_through(service: Client) -> None:
    posted = [service.train("mnist", epochs=1000, tags=["paged"]) for _ in range(52)]
    for job in reversed(posted):
        job.cancel()
    listed = list(service.jobs(tag="paged"))
    assert [job.id for job in listed] == [job.id for job in reversed(posted)]
    assert {job.id for job in service.jobs(tag="paged", status="cancelled")} <= {job.id for job in posted}
    for job in posted:
        list(job.watch())
        job.delete()
    assert list(service.jobs(tag="paged")) == []


def test_the_client_knows_every_field_of_a_job(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    place = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = document["components"]["schemas"][place.rsplit("/", 1)[1]]["properties"]
    assert said.Training.__annotations__.keys() == fields.keys() - {"dataset", "continue_from"}
