"""What schemathesis sends is changed so far that it is cheap, about what there is, and harms no other test."""

from __future__ import annotations

import os
from typing import Any

import httpx
import schemathesis
from jsonschema import Draft202012Validator

_MODEL = os.environ["HOSTILE_MODEL"]
_KEY = os.environ.get("HOSTILE_KEY")
# What would seldom be guessed. Every other one stays as it is: what is not there has its answer, too.
_KNOWN = {"model_id": _MODEL, "job_id": _MODEL, "layer": "FC1", "name": "mnist"}
_CHEAP = {"epochs": 1, "train_samples": 16, "test_samples": 16}
# What came of the answers of others' tests is not for us to end or delete.
_ENDING = {
    ("POST", "/v1/jobs/{job_id}/cancel"),
    ("DELETE", "/v1/jobs/{job_id}"),
    ("POST", "/v1/sweeps/{sweep_id}/cancel"),
    ("DELETE", "/v1/sweeps/{sweep_id}"),
    ("DELETE", "/v1/datasets/{name}"),
}
_TRAINING = {("POST", "/v1/jobs"), ("POST", "/v1/sweeps")}
_OURS: set[str] = set()
# By operation, what judges a JSON body; made once, as there are tens of thousands of cases.
_BODIES: dict[tuple[str, str], Draft202012Validator | None] = {}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **_: Any) -> None:
    """Half of the time it is about the model that there is. Nothing is waited for."""
    operation = (case.method, case.operation.path)
    if case.meta and case.meta.generation.mode.is_negative and _body_is_valid(case):
        # Taken for wrong as it lacks what another option of its schema needs: no answer to it is too kind.
        case._meta = None
    for name, value in list((case.path_parameters or {}).items()):
        if not str(value):
            case.path_parameters[name] = "x"  # nothing there is the path of another operation, or of none
        elif operation in _ENDING:
            case.path_parameters[name] = value if value in _OURS else f"not-{value}"[:40]
        elif name in _KNOWN and len(str(value)) % 2 == 0:
            case.path_parameters[name] = _KNOWN[name]
    if "wait" in {parameter.name for parameter in case.operation.iter_parameters()}:
        wait = (case.query or {}).get("wait", 0)
        if isinstance(wait, int | float) and wait >= 0:
            case.query = {**(case.query or {}), "wait": 0}
    if operation == ("POST", "/v1/jobs") and isinstance(case.body, dict):
        case.body |= {name: value for name, value in _CHEAP.items() if isinstance(case.body.get(name, 1), int)}


def _body_is_valid(case: schemathesis.Case) -> bool:
    """Whether what is wrong with a case is said to be its body, and the document says that nothing is."""
    location = getattr(case.meta.phase.data, "parameter_location", None) if case.meta else None
    if location is not None and location.name != "BODY":
        return False
    operation = (case.method, case.operation.path)
    if operation not in _BODIES:
        _BODIES[operation] = _body_validator(case)
    validator = _BODIES[operation]
    return validator is not None and bool(validator.is_valid(case.body))


def _body_validator(case: schemathesis.Case) -> Draft202012Validator | None:
    document: Any = case.operation.schema.raw_schema
    said = document["paths"][case.operation.path][case.method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" not in said:
        return None
    return Draft202012Validator(said["application/json"]["schema"] | {"components": document["components"]})


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    """What was accepted to be trained is cancelled, so that nobody waits behind it."""
    if (case.method, case.operation.path) in _TRAINING and response.status_code == 202:
        posted = response.json()
        _OURS.add(posted["id"])
        headers = {"Authorization": f"Bearer {_KEY}"} if _KEY else {}
        place = f"{str(case.operation.base_url).rstrip('/')}{posted['links']['self']}/cancel"
        cancelled = httpx.post(place, headers=headers)
        assert cancelled.status_code in (202, 409), cancelled.text
    if (case.method, case.operation.path) == ("POST", "/v1/datasets") and response.status_code == 201:
        _OURS.add(response.json()["name"])
