"""Which epochs' weights stay, decided an epoch at a time, is what the whole history would say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cnnservice.settings import Settings
from cnnservice.specs.architecture import summarize
from cnnservice.specs.errors import BadSetting
from cnnservice.specs.job import JobSpec, check_job, epoch_bytes, resolve, stored_bytes
from cnnservice.specs.keeping import AnyKeep, Keep, most_kept

NUMBERS = st.one_of(st.none(), st.integers(1, 6))
METRICS = st.sampled_from([None, "val_loss", "val_categorical_accuracy"])


@given(every=NUMBERS, last=NUMBERS, best=METRICS, values=st.lists(st.sampled_from([0.1, 0.2, 0.3]), max_size=20))
def test_epoch_by_epoch_the_same_stay_as_of_the_whole(
    every: int | None, last: int | None, best: str | None, values: list[float]
) -> None:
    if every is last is best is None:
        return
    keep = Keep(every=every, last=last, best=best)
    there: dict[int, dict[str, float]] = {}
    for newest in range(len(values) + 1):
        there[newest] = {} if newest == 0 else {str(best): values[newest - 1]}
        assert len(there) <= keep.most(newest), "one more than is kept, while it is stored"
        there = {epoch: there[epoch] for epoch in keep.kept(there)}
    expected = {newest}
    expected |= {epoch for epoch in range(newest + 1) if every and epoch % every == 0}
    expected |= set(range(max(0, newest + 1 - (last or 0)), newest + 1))
    if best and values:
        expected.add(1 + values.index(min(values) if best == "val_loss" else max(values)))
    assert set(there) == expected


@pytest.mark.parametrize(
    ("keep", "epochs", "most"),
    [
        ("all", 30, 31),
        ({"every": 10}, 30, 6),
        ({"last": 3}, 30, 4),
        ({"best": "val_loss"}, 30, 3),
        ({"last": 99}, 30, 31),
    ],
)
def test_how_many_there_can_be_is_known_beforehand(keep: Any, epochs: int, most: int) -> None:
    assert most_kept(TypeAdapter(AnyKeep).validate_python(keep), epochs) == most


@pytest.mark.parametrize("keep", [{}, {"every": 0}, {"last": 0}, {"newest": 3}, "none", 5])
def test_what_says_nothing_is_refused_with_what_might_be_said(keep: Any) -> None:
    with pytest.raises(ValidationError, match=r"every, last and best|greater than or equal to 1|newest"):
        JobSpec.model_validate({"dataset": "mnist", "keep": keep})


def test_a_job_may_store_so_much_and_no_more() -> None:
    spec = JobSpec.model_validate({"dataset": "mnist", "compile": {"optimizer": {"name": "adam"}}, "epochs": 9})
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    assert epoch_bytes(spec, summary) == 3 * 4 * 155_606
    assert stored_bytes(spec, summary) == 10 * 3 * 4 * 155_606
    exactly = Settings(max_stored_bytes=stored_bytes(spec, summary))
    check_job(spec, (28, 28, 1), 10, exactly)
    longer = spec.model_copy(update={"epochs": 10})
    with pytest.raises(BadSetting, match=r"11 epochs of 1867272.*CNNSERVICE_MAX_STORED_BYTES.*every") as refused:
        check_job(longer, (28, 28, 1), 10, exactly)
    assert refused.value.errors[0].pointer == "/keep"
    check_job(longer.model_copy(update={"keep": Keep(last=3)}), (28, 28, 1), 10, exactly)


def test_the_best_is_by_a_metric_that_there_is() -> None:
    spec = JobSpec.model_validate({"dataset": "mnist", "keep": {"best": "val_auc"}})
    with pytest.raises(BadSetting, match="val_categorical_accuracy"):
        check_job(spec, (28, 28, 1), 10, Settings())
