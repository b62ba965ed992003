import pytest
from pydantic import ValidationError

from cnnservice.specs.drawing import FilterDrawing


def test_a_filter_drawing_leaves_the_channel_to_the_kind_of_kernel() -> None:
    drawing = FilterDrawing()
    assert (drawing.channel, drawing.weight, drawing.minus) == (None, None, None)


@pytest.mark.parametrize(("said", "meant"), [("0", 0), ("12", 12), (3, 3), ("all", "all"), (None, None)])
def test_a_channel_is_a_number_or_all(said: object, meant: object) -> None:
    assert FilterDrawing.model_validate({"channel": said}).channel == meant


@pytest.mark.parametrize("said", ["-1", "ALL", "", "1.0", -1, "²"])
def test_a_channel_that_is_neither_is_refused_with_what_is_allowed(said: object) -> None:
    with pytest.raises(ValidationError, match="a whole number from 0, or 'all'"):
        FilterDrawing.model_validate({"channel": said})


@pytest.mark.parametrize("said", [-1, 10**9, "last"])
def test_the_epoch_to_subtract_is_a_number_from_0(said: object) -> None:
    with pytest.raises(ValidationError):
        FilterDrawing.model_validate({"minus": said})
    assert FilterDrawing.model_validate({"minus": 0}).minus == 0
