"""Search spaces, and the arithmetic of successive halving."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from cnnservice.specs.errors import BadSetting, LimitExceeded
from cnnservice.specs.halving import Halving
from cnnservice.specs.job import JobSpec
from cnnservice.specs.pointers import NoSuchPlace, with_values
from cnnservice.specs.sweep import Objective, SweepSpec

RATE = "/compile/optimizer/learning_rate"


def sweep(parameters: dict[str, Any], search: dict[str, Any] | None = None, **said: Any) -> SweepSpec:
    search = search or {"kind": "grid"}
    return SweepSpec.model_validate({"base": {"dataset": "mnist"}, "search": search, "parameters": parameters, **said})


def test_a_grid_is_every_value_with_every_other_in_the_order_they_are_named() -> None:
    spec = sweep(
        {RATE: {"low": 0.001, "high": 0.1, "scale": "log", "count": 3}, "/architecture": {"values": ["cnn", "mlp"]}}
    )
    assert spec.values(6) == [
        {RATE: rate, "/architecture": architecture}
        for rate, architecture in itertools.product([0.001, 0.01, 0.1], ["cnn", "mlp"])
    ]
    with pytest.raises(LimitExceeded, match="trials is 6; at most 5"):
        spec.values(5)


def test_a_grid_of_whole_numbers_has_each_once() -> None:
    ranged = {"low": 1, "high": 4, "integer": True, "count": 10}
    assert [values["/seed"] for values in sweep({"/seed": ranged}).values(10)] == [1, 2, 3, 4]
    assert sweep({"/seed": {"low": 8, "high": 32, "scale": "log", "integer": True, "count": 3}}).values(3) == [
        {"/seed": 8}, {"/seed": 16}, {"/seed": 32},
    ]  # fmt: skip


def test_draws_lie_where_they_may_are_spread_as_said_and_are_the_same_again() -> None:
    parameters = {
        RATE: {"low": 1e-4, "high": 1.0, "scale": "log"},
        "/batch_size": {"low": 1, "high": 1000, "scale": "log", "integer": True},
        "/seed": {"low": 0, "high": 9, "integer": True},
        "/normalization": {"values": ["zero_one", "standard"]},
    }
    search = {"kind": "random", "trials": 4000, "seed": 5}
    drawn = sweep(parameters, search).values(4000)
    decades = Counter(math.floor(math.log10(values[RATE])) for values in drawn)
    # 1000 of each are to be expected, with a standard deviation of 27.
    assert decades.keys() == {-4, -3, -2, -1}
    assert all(850 < count < 1150 for count in decades.values())
    sizes = Counter(len(str(values["/batch_size"])) for values in drawn)
    assert all(isinstance(values["/batch_size"], int) and 1 <= values["/batch_size"] <= 1000 for values in drawn)
    assert sizes[2] > 1000, "of log scale: as many from 10 to 99 as from 100 to 999"
    assert {values["/seed"] for values in drawn} == set(range(10))
    assert {values["/normalization"] for values in drawn} == {"zero_one", "standard"}
    # The same again, and the first ones of a shorter search.
    assert sweep(parameters, {**search, "trials": 7}).values(7) == drawn[:7]
    assert sweep(parameters, {**search, "trials": 7, "seed": 6}).values(7) != drawn[:7]


def test_no_values_are_drawn_twice_and_more_than_there_are_is_refused() -> None:
    parameters = {"/seed": {"values": [1, 2]}, "/architecture": {"values": ["cnn", "mlp"]}}
    drawn = sweep(parameters, {"kind": "random", "trials": 4}).values(9)
    assert sorted((values["/seed"], values["/architecture"]) for values in drawn) == [
        (1, "cnn"), (1, "mlp"), (2, "cnn"), (2, "mlp"),
    ]  # fmt: skip
    with pytest.raises(BadSetting, match="no more than 4"):
        sweep(parameters, {"kind": "random", "trials": 5}).values(9)


@pytest.mark.parametrize(
    ("parameter", "search"),
    [({"low": 1, "high": 2}, {"kind": "grid"}), ({"low": 1, "high": 2, "count": 2}, {"kind": "random", "trials": 2})],
)
def test_count_is_of_a_grid_and_must_be_said_there(parameter: dict[str, Any], search: dict[str, Any]) -> None:
    with pytest.raises(BadSetting) as refused:
        sweep({"/seed": parameter}, search).values(9)
    assert refused.value.errors[0].pointer == "/parameters/~1seed/count"


@pytest.mark.parametrize(
    "parameter",
    [
        {"values": []}, {"values": [1, 1]}, {"low": 2, "high": 2}, {"low": 0, "high": 2, "scale": "log"},
        {"low": 0.5, "high": 2, "integer": True}, {"low": 1}, {"values": [1], "low": 1},
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_is_refused(parameter: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sweep({"/seed": parameter})


@pytest.mark.parametrize("pointer", ["", "/", "seed", "/a//b", "/a~2", "/a/"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(ValidationError):
        sweep({pointer: {"values": [1]}})


def test_values_are_put_where_their_pointers_say_and_all_else_is_left_open() -> None:
    base = JobSpec.model_validate(
        {"dataset": "mnist", "architecture": {"layers": [{"type": "flatten"}, {"type": "dense", "units": 10}]}}
    )
    made = with_values(base, {RATE: 0.5, "/architecture/layers/1/units": 7, "/epochs": 2})
    assert made == {
        "dataset": "mnist",
        "architecture": {"layers": [{"type": "flatten"}, {"type": "dense", "units": 7}]},
        "compile": {"optimizer": {"name": "sgd", "learning_rate": 0.5}},
        "epochs": 2,
    }
    # Also into what another pointer puts there, whichever is named first.
    made = with_values(base, {RATE: 0.5, "/compile/optimizer": {"name": "adam", "beta_1": 0.8}})
    assert made["compile"] == {"optimizer": {"name": "adam", "beta_1": 0.8, "learning_rate": 0.5}}
    assert base.compile.optimizer.name == "sgd"


@pytest.mark.parametrize(
    ("pointer", "says"),
    [
        ("/architecture/layers/0/filters", "/architecture is 'cnn'"),
        ("/early_stopping/patience", "/early_stopping is None"),
        ("/nothing/here", "/nothing is None"),
        ("/tags/1", "there is no '1'"),
    ],
)
def test_a_pointer_that_leads_nowhere_says_why(pointer: str, says: str) -> None:
    with pytest.raises(NoSuchPlace, match=says):
        with_values(JobSpec(dataset="mnist", tags=("a",)), {pointer: 1})


@pytest.mark.parametrize(
    ("factor", "min_epochs", "epochs", "budgets", "trials", "by_rung"),
    [
        # By hand: 1, 3, 9 epochs, and a third of the trials each time.
        (3, 1, 9, [1, 3, 9], 9, [9, 3, 1]),
        (3, 1, 27, [1, 3, 9, 27], 27, [27, 9, 3, 1]),
        # What remains at the end is the last rung's, which has at least factor times as much as the one before.
        (3, 1, 10, [1, 3, 10], 20, [20, 6, 2]),
        (3, 1, 30, [1, 3, 9, 30], 10, [10, 3, 1, 1]),
        (2, 4, 31, [4, 8, 31], 5, [5, 2, 1]),
        (4, 2, 8, [2, 8], 3, [3, 1]),
        (3, 4, 11, [11], 3, [3]),
    ],
)
def test_rungs(factor: int, min_epochs: int, epochs: int, budgets: list[int], trials: int, by_rung: list[int]) -> None:
    halving = Halving(factor=factor, min_epochs=min_epochs)
    assert halving.budgets(epochs) == budgets
    found = [trials]
    while len(found) < len(budgets):
        found.append(halving.survivors(found[-1]))
    assert found == by_rung


def test_what_halving_cannot_divide_is_refused() -> None:
    halving = {"factor": 3, "min_epochs": 2}
    sweep({"/seed": {"values": [1]}}, halving=halving).check_halving()
    with pytest.raises(BadSetting, match="leave /epochs out"):
        sweep({"/epochs": {"values": [6]}}, halving=halving).check_halving()
    with pytest.raises(BadSetting, match="it must have 6"):
        sweep({"/seed": {"values": [1]}}, halving=halving, base={"dataset": "mnist", "epochs": 5}).check_halving()
    stopping = JobSpec.model_validate({"dataset": "mnist", "early_stopping": {}})
    with pytest.raises(BadSetting, match="early_stopping"):
        sweep({"/seed": {"values": [1]}}, halving=halving).check_trial(stopping)


def test_the_objective_is_one_that_the_jobs_have_and_knows_what_is_better() -> None:
    assert Objective().less_is_better
    assert not Objective(metric="val_categorical_accuracy").less_is_better
    assert Objective(metric="val_categorical_accuracy", mode="min").less_is_better
    spec = sweep({"/seed": {"values": [1]}}, objective={"metric": "val_auc"})
    with pytest.raises(BadSetting, match="the jobs have loss, categorical_accuracy, val_loss"):
        spec.check_trial(spec.base)
