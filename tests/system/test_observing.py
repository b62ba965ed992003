"""What the service tells of itself: numbers, log lines, traces; and what docs/observing.md says of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector import Collector
from live import Stack, train, wait_for_end, wait_until

PAGE = Path(__file__).parents[2] / "docs" / "observing.md"
SPEC: dict[str, Any] = {"epochs": 2, "train_samples": 192, "test_samples": 64}
Numbers = dict[tuple[str, frozenset[str]], float]


@pytest.fixture(scope="module")
def asker(strict_stack: Stack) -> Iterator[httpx.Client]:
    """A client of the strict stack, which nobody else talks to meanwhile."""
    with strict_stack.client as client:
        yield client


@pytest.fixture(scope="module")
def job(asker: httpx.Client) -> dict[str, Any]:
    """Asked for under a name and within a trace."""
    said = {"X-Request-Id": "the.training-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    posted = asker.post("/v1/jobs", json={"dataset": "mnist", **SPEC}, headers=said).json()
    return wait_for_end(asker, posted["id"])


def numbers(client: httpx.Client) -> Numbers:
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def grown(client: httpx.Client, before: Numbers, name: str, *labels: str) -> float:
    key = name, frozenset(labels)
    return numbers(client).get(key, 0.0) - before.get(key, 0.0)


def lines(stack: Stack, process: str) -> list[dict[str, Any]]:
    """What it has logged; TensorFlow's own lines, which are no concern of Python's logging, aside."""
    text = (stack.data_dir / "logs" / f"{process}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_every_metric_is_explained_and_every_one_that_is_explained_is_there(asker: httpx.Client) -> None:
    mine = {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in text_string_to_metric_families(asker.get("/metrics").text)
        if family.name.startswith("cnnservice_") and not family.name.endswith("_created")
    }
    rows = re.findall(r"^\| `(cnnservice_\w+?)(?:_total)?(?:\{(\w+(?:, \w+)*)\})?` \|", PAGE.read_text(), re.M)
    explained = {name: set(filter(None, labels.split(", "))) for name, labels in rows}
    assert explained.keys() == mine.keys()
    # What nobody has counted yet, as no picture was drawn, has no labels.
    assert {name: explained[name] for name, labels in mine.items() if labels} == {n: x for n, x in mine.items() if x}
    assert mine["cnnservice_jobs"] == {"status"}


def test_the_api_has_nothing_to_warn_of(asker: httpx.Client, strict_stack: Stack, job: dict[str, Any]) -> None:
    assert asker.get("/v1/jobs").status_code == 200
    assert [line for line in lines(strict_stack, "api") if line["logger"] == "py.warnings"] == []


def test_a_training_is_counted_by_the_child_that_did_it(asker: httpx.Client, job: dict[str, Any]) -> None:
    before = numbers(asker)
    spec = {**SPEC, "epochs": 3}
    assert train(asker, **spec)["status"] == "succeeded"
    assert grown(asker, before, "cnnservice_epochs_total") == 3
    assert grown(asker, before, "cnnservice_samples_total") == 3 * SPEC["train_samples"]
    assert grown(asker, before, "cnnservice_jobs", "succeeded") == 1
    assert grown(asker, before, "cnnservice_job_seconds_count", "succeeded") == 1
    assert grown(asker, before, "cnnservice_job_seconds_bucket", "succeeded", "+Inf") == 1
    listed = asker.get("/v1/jobs?limit=1").json()["items"][0]
    took = [time.mktime(time.strptime(listed[name][:19], "%Y-%m-%dT%H:%M:%S")) for name in ("started_at", "ended_at")]
    assert grown(asker, before, "cnnservice_job_seconds_sum", "succeeded") == pytest.approx(took[1] - took[0], abs=1.1)


def test_pictures_and_warm_models_are_counted(asker: httpx.Client, job: dict[str, Any]) -> None:
    before = numbers(asker)
    first = f"/v1/models/{job['id']}/predictions.json?image=mnist:test:9"
    # It may be built for longer than this stack waits for an answer.
    wait_until(lambda: asker.get(first).status_code == 200, "the model to be built")
    for image in range(3):
        assert asker.get(f"/v1/models/{job['id']}/predictions.json?image=mnist:test:{image}").status_code == 200
    assert asker.get(f"/v1/models/{job['id']}/layers/Conv1/filters.png").status_code == 200
    assert asker.get(f"/v1/models/{job['id']}/history.svg").status_code == 200
    wait_until(lambda: grown(asker, before, "cnnservice_warm_cache_hits_total") >= 3, "the worker to tell what it did")
    assert grown(asker, before, "cnnservice_warm_cache_misses_total") == 1
    for name in ("png", "svg"):
        assert grown(asker, before, "cnnservice_render_seconds_count", name) == 1
    route = "/v1/models/{model_id}/predictions.json"
    assert grown(asker, before, "cnnservice_http_requests_total", "GET", route, "200") == 4
    assert grown(asker, before, "cnnservice_http_request_seconds_count", "GET", route) >= 4


def test_what_waits_is_told_with_its_age(asker: httpx.Client) -> None:
    long = {"dataset": "mnist", **SPEC, "epochs": 500}
    ids = [asker.post("/v1/jobs", json=long).json()["id"] for _ in range(3)]
    try:
        wait_until(lambda: numbers(asker)["cnnservice_jobs", frozenset({"running"})] == 1, "the first to run")
        told = numbers(asker)
        assert told["cnnservice_queue_depth", frozenset({"train"})] == 2
        assert told["cnnservice_jobs", frozenset({"queued"})] == 2
        assert told["cnnservice_workers", frozenset({"train"})] == 1
        age = told["cnnservice_queue_age_seconds", frozenset({"train"})]
        assert numbers(asker)["cnnservice_queue_age_seconds", frozenset({"train"})] > age > 0
    finally:
        for each in reversed(ids):
            asker.post(f"/v1/jobs/{each}/cancel")
        wait_until(
            lambda: all(asker.get(f"/v1/jobs/{each}").json()["status"] == "cancelled" for each in ids), "them to end"
        )


def test_a_request_is_known_by_its_name_in_the_answer_and_in_every_log(
    asker: httpx.Client, strict_stack: Stack, job: dict[str, Any]
) -> None:
    said = {"X-Request-Id": "look_at.it-7", "Authorization": "Bearer cnn_x_topsecret"}
    path = f"/v1/models/{job['id']}/predictions.json?image=mnist:test:5"
    assert asker.get(path, headers=said).headers["x-request-id"] == "look_at.it-7"
    (line,) = wait_until(lambda: [x for x in lines(strict_stack, "api") if x.get("request_id") == "look_at.it-7"], "it")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/models/{model_id}/predictions.json", 200)
    assert (line["path"], line["level"], line["logger"]) == (path, "INFO", "api.access_log")
    assert line["ms"] > 0
    assert "topsecret" not in (strict_stack.data_dir / "logs" / "api.log").read_text()
    queued = [x for x in lines(strict_stack, "api") if x["message"] == f"job {job['id']} queued"]
    assert [x["request_id"] for x in queued] == ["the.training-1"]


@pytest.mark.parametrize("said", ["", "two words", "x" * 65, "näh", "a;b"])
def test_a_name_that_is_no_sane_one_is_not_taken(asker: httpx.Client, said: str) -> None:
    names = {
        asker.get("/healthz", headers=[(b"x-request-id", said.encode("latin-1"))]).headers["x-request-id"]
        for _ in range(2)
    }
    assert len(names) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{36}", name) for name in names)


def test_workers_log_what_they_work_on(strict_stack: Stack, job: dict[str, Any]) -> None:
    ended = [x for x in lines(strict_stack, "worker-train") if x.get("job_id") == job["id"]]
    assert {x["message"] for x in ended} >= {f"job {job['id']} begins", f"job {job['id']} succeeded"}
    assert {(x["attempt"], x["request_id"], x["logger"]) for x in ended} == {(1, "the.training-1", "worker.run")}


def test_no_ticket_is_logged(
    asker: httpx.Client, strict_stack: Stack, collector: Collector, job: dict[str, Any]
) -> None:
    path = f"/v1/jobs/{job['id']}/events"
    ticket = asker.post("/v1/tickets", json={"path": path}).json()["ticket"]
    for name in ("ticket", "tick%65t"):
        assert asker.get(f"{path}?{name}={ticket}", headers={"X-Request-Id": name.strip("%")[:5]}).status_code == 200
    asker.get("/healthz", headers={"X-Request-Id": "after"})
    collector.wait_for("cnnservice-api", "GET /healthz", request_id="after")
    asked = [x["path"] for x in lines(strict_stack, "api") if x.get("path", "").startswith(path)]
    assert asked == [f"{path}?ticket=***"] * 2
    assert ticket not in (strict_stack.data_dir / "logs" / "api.log").read_text()
    assert ticket not in repr(collector.spans)


def test_a_trace_leads_from_a_request_over_the_worker_to_the_drawing(
    asker: httpx.Client, collector: Collector, job: dict[str, Any]
) -> None:
    trace, parent = "1234567890abcdef" * 2, "fedcba0987654321"
    sent = {"traceparent": f"00-{trace}-{parent}-01", "X-Request-Id": "traced"}
    path = f"/v1/models/{job['id']}/layers/Conv1/activations.png?image=mnist:test:9"
    assert asker.get(path, headers=sent).status_code == 200
    route = "GET /v1/models/{model_id}/layers/{layer}/activations.png"
    request = collector.wait_for("cnnservice-api", route, request_id="traced")
    assert (request.trace, request.parent) == (trace, parent)
    asked = collector.wait_for("cnnservice-api", "ask feature_maps")
    drawn = next(span for span in collector.spans if span.name == "draw png" and span.trace == trace)
    worked = collector.wait_for("cnnservice-worker-inspect", "feature_maps", request_id="traced")
    assert {span.trace for span in (asked, drawn, worked)} == {trace}
    assert (asked.parent, drawn.parent, worked.parent) == (request.id, request.id, asked.id)
    assert 0 < worked.seconds < asked.seconds < request.seconds
    assert worked.attributes["model_id"] == job["id"]


def test_a_training_has_a_trace_with_its_epochs_linked_to_the_request_that_asked(
    collector: Collector, job: dict[str, Any]
) -> None:
    posted = collector.wait_for("cnnservice-api", "POST /v1/jobs", request_id="the.training-1")
    assert (posted.trace, posted.parent) == ("a" * 32, "b" * 16)
    trained = collector.wait_for("cnnservice-worker-train", "train", job_id=job["id"])
    assert (trained.links, trained.parent) == ([posted.id], "")
    assert trained.trace != posted.trace
    epochs = [span for span in collector.spans if span.trace == trained.trace and span.name == "epoch"]
    assert [span.attributes["epoch"] for span in epochs] == [1, 2]
    assert {span.parent for span in epochs} == {trained.id}
    assert all(0 < span.seconds < trained.seconds for span in epochs)
    assert all(0 < span.attributes["val_loss"] < 10 for span in epochs)
