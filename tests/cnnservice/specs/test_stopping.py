"""Early stopping decides as Keras' own callback does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnnservice.specs.stopping import EarlyStopping

values = st.one_of(st.floats(0, 2).map(lambda x: round(x, 1)), st.floats(-1e3, 1e3).map(lambda x: round(x, 6)))


def keras_stops_after(history: list[dict[str, float]], **settings: Any) -> int | None:
    """The epoch, counted from 1, after which Keras stops; None if it does not."""
    callback = keras.callbacks.EarlyStopping(**settings)
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, metrics in enumerate(history):
        callback.on_epoch_end(epoch, metrics)
        if model.stop_training:
            return epoch + 1
    return None


def ours_stops_after(history: list[dict[str, float]], **settings: Any) -> int | None:
    stopping = EarlyStopping(**settings)
    return next((n for n in range(1, len(history) + 1) if stopping.should_stop(history[:n])), None)


# In float32 a gain of 0.1 from 0.8 is none where it must be more than 0.1.
@example(told=[0.8, 0.7, 0.6], patience=0, min_delta=0.1, mode="min", baseline=None, start=0)
@given(
    told=st.lists(values, min_size=1, max_size=25),
    patience=st.integers(0, 4),
    min_delta=st.sampled_from([0.0, 0.1, 0.5]),
    mode=st.sampled_from(["min", "max"]),
    baseline=st.one_of(st.none(), st.sampled_from([0.5, 1.0])),
    start=st.integers(0, 4),
)
def test_it_stops_where_keras_stops(
    told: list[float], patience: int, min_delta: float, mode: str, baseline: float | None, start: int
) -> None:
    settings = {
        "monitor": "val_loss",
        "patience": patience,
        "min_delta": min_delta,
        "mode": mode,
        "baseline": baseline,
        "start_from_epoch": start,
    }
    history = [{"val_loss": value} for value in told]
    assert ours_stops_after(history, **settings) == keras_stops_after(history, **settings)


@pytest.mark.parametrize(
    ("monitor", "less_is_better"),
    [
        ("loss", True),
        ("val_loss", True),
        ("categorical_accuracy", False),
        ("val_categorical_accuracy", False),
        ("val_top_k_categorical_accuracy", False),
        ("val_accuracy", False),
        ("precision", False),
        ("recall", False),
        ("auc", False),
        ("cosine_similarity", False),
        ("mean_squared_error", True),
        ("categorical_crossentropy", True),
        ("kl_divergence", True),
    ],
)
def test_auto_knows_which_way_each_metric_goes(monitor: str, less_is_better: bool) -> None:
    falling, rising = ([{monitor: value} for value in series] for series in ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0]))
    good, bad = (falling, rising) if less_is_better else (rising, falling)
    assert ours_stops_after(good, monitor=monitor) is None
    assert ours_stops_after(bad, monitor=monitor) == 2
    if monitor.removeprefix("val_") not in ("loss",):
        metric = keras.metrics.get(monitor.removeprefix("val_"))
        metric = metric if isinstance(metric, keras.metrics.Metric) else keras.metrics.MeanMetricWrapper(metric)
        direction = getattr(metric, "_direction", None)
        assert direction in (None, "down" if less_is_better else "up")
