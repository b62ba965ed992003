"""How many images are looked at, at the edges of the limits."""

from __future__ import annotations

from typing import Any

import pytest

from api.represented import images_represented
from cnnservice.settings import Settings
from cnnservice.specs.architecture import Architecture, LayerSummary, summarize
from cnnservice.specs.errors import BadSetting, LimitExceeded

LAYERS = [{"type": "flatten"}, {"type": "dense", "units": 20}]


def represented(asked: int | None, tested: int = 500, *, kept: int = 0, **limits: int) -> int:
    layers: list[LayerSummary] = list(summarize(Architecture.model_validate({"layers": LAYERS}), (10, 10, 1)).layers)
    settings: dict[str, Any] = {"max_represented_images": 400, "max_representation_values": 30_000, **limits}
    return images_represented(asked, tested, layers, Settings(**settings), kept=kept)


def test_by_default_as_many_as_there_are_and_limits_admit() -> None:
    assert represented(None, 200) == 200
    assert represented(None, 300) == 300
    assert represented(None, 301) == 300, "the widest layer has 100 outputs"
    assert represented(None, 500, max_representation_values=10**6) == 400
    # Three square matrices of 100 rows.
    assert represented(None, 500, kept=3) == 100


def test_a_number_that_is_asked_for_may_reach_each_limit_and_not_pass_it() -> None:
    assert represented(300) == 300
    assert represented(100, kept=3) == 100
    assert represented(400, max_representation_values=40_000) == 400
    for asked, kept, limits, setting in (
        (301, 0, {}, "CNNSERVICE_MAX_REPRESENTATION_VALUES"),
        (101, 3, {}, "CNNSERVICE_MAX_REPRESENTATION_VALUES"),
        (401, 0, {"max_representation_values": 10**6}, "CNNSERVICE_MAX_REPRESENTED_IMAGES"),
    ):
        with pytest.raises(LimitExceeded, match=setting):
            represented(asked, kept=kept, **limits)


def test_no_more_than_the_model_is_tested_on() -> None:
    assert represented(20, 20) == 20
    with pytest.raises(BadSetting, match="images is 21; the model is tested on 20"):
        represented(21, 20)


def test_a_layer_of_which_not_even_a_few_fit_is_told_so() -> None:
    assert represented(None, max_representation_values=500) == 5
    with pytest.raises(LimitExceeded, match="what is held of 5 images, in numbers, is 500; at most 499"):
        represented(None, max_representation_values=499)
