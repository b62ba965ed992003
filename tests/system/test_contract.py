"""What is sent is what the OpenAPI document says. The `client` of all tests looks at answers; this is what it sees not.

See CheckedClient: each problem, and the first JSON answers of each operation, of the whole session.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from contract import Contract


@pytest.fixture(scope="module")
def contract(client: httpx.Client) -> Contract:
    return Contract(client.get("/openapi.json").json())


def test_every_event_of_a_job_is_as_the_document_says(
    client: httpx.Client, contract: Contract, notebook_job: dict[str, Any]
) -> None:
    # Those of a job while it trains are looked at in test_events.
    with connect_sse(client, "GET", notebook_job["links"]["events"]) as source:
        events = list(source.iter_sse())
    assert not contract.faults_of_events("JobEvent", events)
    assert [event.event for event in events] == ["status", *["epoch"] * 30, "end"]


def test_every_event_of_a_computation_is_as_the_document_says(
    client: httpx.Client, contract: Contract, notebook_job: dict[str, Any]
) -> None:
    model = f"/v1/models/{notebook_job['model_id']}"
    asked = client.get(f"{model}/layers/Conv1/top_images.json", params={"count": 2, "epoch": 1, "wait": 0})
    assert asked.status_code == 202
    with connect_sse(client, "GET", asked.json()["links"]["events"]) as source:
        events = list(source.iter_sse())
    assert not contract.faults_of_events("ComputationEvent", events)
    assert events[-1].event == "end"


def test_a_problem_that_an_operation_does_not_tell_of_would_be_seen(client: httpx.Client, contract: Contract) -> None:
    answer = client.get("/v1/jobs/none")
    contract.check_problem(answer.request, 404, answer.json())
    with pytest.raises(AssertionError, match="none of the types that get_job tells of"):
        contract.check_problem(answer.request, 404, {**answer.json(), "type": "/problems/unknown-layer"})
    with pytest.raises(AssertionError, match="is a required property"):
        contract.check_problem(answer.request, 404, {"type": "/problems/unknown-job", "status": 404})
