"""What is another's is not there: the same answer, to the letter, as for what has never been."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from contract import Contract, Operation
from live import Stack, wait_for_end

from .conftest import SPEC, Owner, png, without

# What stands for something that is somebody's, and what stands for it where there is nothing.
UNKNOWN = {
    "job_id": "01990000-0000-7000-8000-000000000000",
    "model_id": "01990000-0000-7000-8000-000000000000",
    "computation_id": "0" * 64,
    "sweep_id": "01990000-0000-7000-8000-000000000000",
    "name": "nothing",
}
# What the other places of a path may hold.
ELSE = {"layer": "FC1", "method": "gradient", "split": "test", "index": "0"}


def asked(client: httpx.Client, operation: Operation, names: dict[str, str]) -> httpx.Response:
    """An operation, whole: its path with these names, and all else as its examples are."""
    path = re.sub(r"\{(\w+)\}", lambda place: names.get(place[1], ELSE.get(place[1], "")), operation.path)
    queries = {
        parameter["name"]: parameter["example"]
        for parameter in operation.described.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required")
    }
    body: dict[str, Any] = {}
    content = operation.described.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        body = {"files": {"file": ("a.png", png(5))}}
    elif content:
        body = {"json": {}}
    return client.request(operation.method.upper(), path, params=queries, **body)


def test_a_key_of_another_owner_finds_nothing_at_any_endpoint(alice: Owner, bob: Owner) -> None:
    contract: Contract = bob.client.contract  # type: ignore[attr-defined]
    tried = 0
    for operation in contract.operations:
        places = [place for place in re.findall(r"\{(\w+)\}", operation.path) if place in UNKNOWN]
        if not places:
            continue
        names = {place: alice.made[place] for place in places}
        refused = asked(bob.client, operation, names)
        nothing = asked(bob.client, operation, {place: UNKNOWN[place] for place in places})
        assert refused.status_code == 404, (operation.name, refused.text)
        assert refused.json()["type"].removeprefix("/problems/unknown-") in ("job", "computation", "dataset", "sweep")
        ids = [*names.values(), *(UNKNOWN[place] for place in places)]
        assert without(refused.json(), *ids) == without(nothing.json(), *ids), operation.name
        if operation.method == "get":
            mine = asked(alice.client, operation, names)
            assert not (mine.status_code == 404 and mine.json()["type"] == refused.json()["type"]), operation.name
        tried += 1
    assert tried > 50
    assert alice.client.get(f"/v1/jobs/{alice.made['job_id']}").json()["owner"] == "alice"


def test_nor_by_a_name_within_a_query_or_a_body(alice: Owner, bob: Owner) -> None:
    mine = bob.client.post("/v1/jobs", json={**SPEC, "epochs": 1}).raise_for_status().json()["id"]
    assert wait_for_end(bob.client, mine)["status"] == "succeeded"
    theirs, name, upload = alice.made["job_id"], alice.made["name"], alice.made["upload"]
    attempts = {
        "continue": bob.client.post("/v1/jobs", json={"dataset": "mnist", "continue_from": {"model_id": theirs}}),
        "data set": bob.client.post("/v1/jobs", json={"dataset": name}),
        "compare": bob.client.get("/v1/compare", params={"models": f"{mine},{theirs}"}),
        "curves": bob.client.get("/v1/compare/history.png", params={"models": f"{mine},{theirs}"}),
        "similarity": bob.client.get(f"/v1/models/{mine}/similarity.json", params={"with": theirs}),
        "upload": bob.client.get(f"/v1/models/{mine}/predictions.json", params={"image": upload}),
        "upload in a body": bob.client.post(f"/v1/models/{mine}/predictions", json={"image": upload}),
        "image": bob.client.get(f"/v1/models/{mine}/predictions.json", params={"image": f"{name}:test:0"}),
        "validate": bob.client.post("/v1/architectures/validate", json={"dataset": name, "architecture": "mlp"}),
        "ticket": bob.client.post("/v1/tickets", json={"path": f"/v1/jobs/{theirs}/events"}),
    }
    for what, answer in attempts.items():
        assert answer.status_code in (404, 422), (what, answer.status_code, answer.text[:300])
        assert re.search("no job|no upload|Unknown|unknown|no data set", answer.text), (what, answer.text)
    # Names of data sets are told in errors: none of another's.
    assert '"alices' not in attempts["data set"].text.replace(f"'{name}'", "")
    assert alice.client.get(f"/v1/models/{theirs}/predictions.json", params={"image": upload}).status_code == 200


def test_lists_show_each_owner_its_own_and_an_admin_all(alice: Owner, bob: Owner, root: Owner) -> None:
    def ids(owner: Owner, **query: str) -> set[str]:
        return {job["id"] for job in owner.client.get("/v1/jobs", params={"limit": 200, **query}).json()["items"]}

    def names(owner: Owner) -> set[str]:
        return {each["name"] for each in owner.client.get("/v1/datasets").json()["items"]}

    assert alice.made["job_id"] in ids(alice)
    assert ids(alice).isdisjoint(ids(bob))
    # What was there before the first key is nobody's.
    assert ids(root) > ids(alice) | ids(bob)
    (nobodys,) = ids(root, tag="nobodys")
    assert nobodys not in ids(alice) | ids(bob)

    def sweeps(owner: Owner) -> set[str]:
        return {each["id"] for each in owner.client.get("/v1/sweeps").json()["items"]}

    assert alice.made["sweep_id"] in sweeps(alice) & sweeps(root)
    assert alice.made["sweep_id"] not in sweeps(bob)
    assert "alices" in names(alice) & names(root)
    assert "alices" not in names(bob)


def test_a_name_that_another_has_taken_is_no_way_to_his_images(alice: Owner, bob: Owner, stack: Stack) -> None:
    answer = bob.client.post("/v1/datasets", data={"name": "alices"}, files={"file": ("a.npz", b"not the same")})
    assert answer.status_code in (409, 422)
    assert bob.client.get("/v1/datasets/alices").status_code == 404


def test_the_same_picture_and_the_same_idempotency_key_are_each_owners_own(alice: Owner, bob: Owner) -> None:
    reference = alice.client.post("/v1/images", files={"file": ("a.png", png(11))}).json()["reference"]
    job = bob.client.get("/v1/jobs").json()["items"][0]["id"]
    path, query = f"/v1/models/{job}/predictions.json", {"image": reference}
    assert bob.client.get(path, params=query).json()["type"] == "/problems/unknown-upload"
    assert bob.client.post("/v1/images", files={"file": ("b.png", png(11))}).json()["reference"] == reference
    assert bob.client.get(path, params=query).status_code == 200
    said = {"json": {**SPEC, "epochs": 1, "tags": ["same"]}, "headers": {"Idempotency-Key": "the same"}}
    posted = [owner.client.post("/v1/jobs", **said).json()["id"] for owner in (alice, bob, alice, bob)]
    assert posted[:2] == posted[2:]
    assert posted[0] != posted[1]


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_an_admin_may_do_with_anothers_what_its_owner_may(alice: Owner, root: Owner, method: str) -> None:
    job = alice.client.post("/v1/jobs", json={**SPEC, "epochs": 1}).json()["id"]
    if method == "POST":
        assert root.client.post(f"/v1/jobs/{job}/cancel").status_code in (202, 409)
    else:
        wait_for_end(alice.client, job)
        assert root.client.delete(f"/v1/jobs/{job}").status_code == 204
        assert alice.client.get(f"/v1/jobs/{job}").status_code == 404
