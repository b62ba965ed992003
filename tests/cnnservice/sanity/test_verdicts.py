"""Verdicts at their thresholds, and what a check costs at its limit."""

from __future__ import annotations

import pytest

from cnnservice.attributions.layers import UnusableLayer
from cnnservice.sanity.costs import check_cost, check_methods
from cnnservice.sanity.verdicts import FOLLOWS_BELOW, HARDLY_FROM, Step, judge
from cnnservice.specs.architecture import summarize
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.job import resolve
from cnnservice.specs.sanity import SanityCheck


def step(layer: str, rank: float, absolute: float = 0.1) -> Step:
    return Step(layer, {"rank": rank, "rank_absolute": absolute})


@pytest.mark.parametrize(
    ("rank", "verdict"),
    [
        (HARDLY_FROM, "hardly"),
        (HARDLY_FROM - 0.001, "partly"),
        (FOLLOWS_BELOW, "partly"),
        (FOLLOWS_BELOW - 0.001, "follows_the_weights"),
        (-1.0, "follows_the_weights"),
    ],
)
def test_the_rank_correlation_decides(rank: float, verdict: str) -> None:
    assert judge([step("FC", rank), step("Conv", 0.0)])[0] == verdict


def test_the_lowest_layer_does_not_count_unless_it_is_the_only_one() -> None:
    assert judge([step("FC", 0.9), step("Conv2", 0.8), step("Conv1", 0.0)])[0] == "hardly"
    assert judge([step("Conv1", 0.0)])[0] == "follows_the_weights"


def test_the_reason_names_the_layers_and_the_number() -> None:
    _, reason = judge([step("FC2", 0.9), step("FC1", 0.8), step("Conv1", 0.1)])
    assert "in FC2, FC1," in reason
    assert "0.85" in reason


def test_a_map_whose_signs_alone_follow_the_weights_is_said_to_be_so() -> None:
    assert "believe signs alone" in judge([step("FC", 0.0, absolute=0.99), step("Conv", 0.0)])[1]
    assert "signs" not in judge([step("FC", 0.0, absolute=0.5), step("Conv", 0.0)])[1]


def test_a_check_that_costs_more_than_the_limit_is_refused() -> None:
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    check = SanityCheck(methods=("gradient", "smoothgrad"), images=2)
    # Once as learned, and four layers in two ways.
    passes = 9 * 2 * 51
    check_cost(check, summary, passes * summary.operations)
    with pytest.raises(LimitExceeded, match=f"{passes} passes .* CNNSERVICE_MAX_SANITY_OPERATIONS"):
        check_cost(check, summary, passes * summary.operations - 1)
    trained = check.model_copy(update={"data_randomization": True, "data_samples": 100, "data_epochs": 10})
    cost = (10 * 2 * 51 + 3 * 100 * 10) * summary.operations
    check_cost(trained, summary, cost)
    with pytest.raises(LimitExceeded):
        check_cost(trained, summary, cost - 1)


def test_a_method_that_does_not_fit_the_network_is_refused() -> None:
    with pytest.raises(UnusableLayer):
        check_methods(
            SanityCheck(methods=("gradient", "grad_cam")), summarize(resolve("mlp", (28, 28, 1), 10), (28, 28, 1))
        )


def test_methods_are_named_once_and_known() -> None:
    assert SanityCheck(methods=("gradient,occlusion", "gradient")).methods == ("gradient", "occlusion")
    with pytest.raises(ValueError, match=r"unknown: jam; the methods are gradient"):
        SanityCheck(methods=("jam",))
