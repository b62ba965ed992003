"""How many steps are executed at once: as many as take about a tenth of a second, and never more than there are."""

from __future__ import annotations

import pytest

from cnnservice.nn.execution import steps_per_execution
from cnnservice.specs.architecture import summarize
from cnnservice.specs.job import JobSpec, resolve


@pytest.mark.parametrize(
    ("preset", "settings", "expected"),
    [
        # 3 passes of 64 images with 3.84 million multiplications, and 20 for each of 30 thousand outputs.
        ("cnn", {}, 5),
        ("mlp", {}, 32),
        ("mlp", {"train_samples": 1000, "batch_size": 100}, 10),
        ("mlp", {"train_samples": 1, "test_samples": 1}, 1),
        ("resnet20", {}, 1),
    ],
)
def test_a_large_network_takes_one_step_at_a_time_and_a_small_one_many(
    preset: str, settings: dict[str, int], expected: int
) -> None:
    spec = JobSpec.model_validate({"dataset": "mnist", "architecture": preset, **settings})
    summary = summarize(resolve(preset, (28, 28, 1), 10), (28, 28, 1))
    assert steps_per_execution(summary, spec) == expected


def test_multiplications_are_counted_as_by_hand() -> None:
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    conv1, conv2 = 24 * 24 * (5 * 5 * 32 + 32), 8 * 8 * (5 * 5 * 32 * 64 + 64)
    dense = (4 * 4 * 64 * 100 + 100) + (100 * 10 + 10)
    assert summary.multiplications == conv1 + conv2 + dense
