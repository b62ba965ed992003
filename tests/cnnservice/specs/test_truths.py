"""True and false are no numbers, nor the other way round, though Python says so: a spec takes what its schema does."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from cnnservice.specs.job import JobSpec

SCHEMA = Draft202012Validator(JobSpec.model_json_schema())
SCHEDULE = {"name": "exponential_decay", "initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}


def conv(**said: Any) -> dict[str, Any]:
    return {"architecture": {"layers": [{"type": "conv2d", "filters": 4, "kernel_size": 3, **said}]}}


def sgd(**said: Any) -> dict[str, Any]:
    return {"compile": {"optimizer": {"name": "sgd", **said}}}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"epochs": True}, ["epochs"]),
        ({"priority": False}, ["priority"]),
        ({"class_weight": {"1": True}}, ["class_weight", "1"]),
        ({"keep": {"last": True}}, ["keep", "last"]),
        (sgd(learning_rate=True), ["learning_rate"]),
        (sgd(momentum=False), ["momentum"]),
        (sgd(learning_rate={**SCHEDULE, "decay_steps": True}), ["decay_steps"]),
        (conv(kernel_size=[True, 3]), ["kernel_size", 0]),
    ],
    ids=str,
)
def test_they_are_refused_where_a_number_is_meant(said: dict[str, Any], place: list[str | int]) -> None:
    assert not SCHEMA.is_valid({"dataset": "mnist", **said})
    with pytest.raises(ValidationError, match=r"Input should be a valid (integer|number)") as refused:
        JobSpec.model_validate({"dataset": "mnist", **said})
    where = [part for part in refused.value.errors()[0]["loc"] if part != "<plain>" and part != "<object>"]
    assert where[-len(place) :] == place


@pytest.mark.parametrize("said", [sgd(nesterov=0), sgd(nesterov=1.0, momentum=0.5), conv(use_bias=1)], ids=str)
def test_numbers_are_refused_where_one_of_them_is_meant(said: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid({"dataset": "mnist", **said})
    with pytest.raises(ValidationError, match="Input should be a valid boolean"):
        JobSpec.model_validate({"dataset": "mnist", **said})


@pytest.mark.parametrize(
    "said",
    [sgd(nesterov=True, momentum=0.5), sgd(learning_rate={**SCHEDULE, "staircase": True}), conv(use_bias=False)],
    ids=str,
)
def test_they_are_taken_where_they_are_meant(said: dict[str, Any]) -> None:
    assert SCHEMA.is_valid({"dataset": "mnist", **said})
    JobSpec.model_validate({"dataset": "mnist", **said})
