"""Training by a spec is Keras' own fit with the same settings."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from cnnservice.nn.training import Samples, Start, Stopped, train
from cnnservice.specs.architecture import summarize
from cnnservice.specs.job import JobSpec, epoch_bytes

from .conftest import Record

DENSE = [{"type": "flatten"}, {"type": "dense", "name": "out", "units": 10, "activation": "softmax"}]


def spec(layers: list[dict[str, Any]] = DENSE, **settings: Any) -> JobSpec:
    return JobSpec.model_validate(
        {
            "dataset": "mnist",
            "train_samples": 200,
            "test_samples": 50,
            "architecture": {"layers": layers},
            "epochs": 2,
            "batch_size": 32,
            "seed": 4,
            **settings,
        }
    )


def keras_model(**dense: Any) -> keras.Model:
    """The dense network above, in Keras' own words."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(4)
    head = keras.layers.Dense(10, activation="softmax", **dense)
    return keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), head])


def keras_fit(model: keras.Model, samples: Samples, epochs: int = 2, **arguments: Any) -> dict[str, list[float]]:
    """Keras' history, epoch by epoch in the order of samples that the service promises."""
    history: dict[str, list[float]] = {}
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng((4, epoch)).permutation(200)
        told = model.fit(
            samples.x_train[order],
            samples.y_train[order],
            batch_size=32,
            shuffle=False,
            validation_data=(samples.x_test, samples.y_test),
            verbose=0,
            **arguments,
        ).history
        for name, values in told.items():
            history.setdefault(name, []).extend(values)
    return history


def assert_equal_history(record: Record, history: dict[str, list[float]]) -> None:
    mine = {name: [record.metrics[epoch][name] for epoch in sorted(record.metrics) if epoch] for name in history}
    assert mine.keys() == record.metrics[1].keys()
    for name, values in history.items():
        np.testing.assert_allclose(mine[name], values, rtol=1e-5, atol=1e-6, err_msg=name)


SCHEDULE = {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}
SOME: list[tuple[dict[str, Any], Any]] = [
    ({"name": "sgd", "momentum": 0.9, "nesterov": True}, lambda: keras.optimizers.SGD(momentum=0.9, nesterov=True)),
    ({"name": "adamw", "weight_decay": 0.1}, lambda: keras.optimizers.AdamW(weight_decay=0.1)),
    (
        {
            "name": "adam",
            "learning_rate": {
                "name": "cosine_decay",
                "initial_learning_rate": 0.0,
                "decay_steps": 9,
                "warmup_target": 0.01,
                "warmup_steps": 4,
            },
        },
        lambda: keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.0, 9, warmup_target=0.01, warmup_steps=4)
        ),
    ),
]
OTHERS: list[tuple[dict[str, Any], Any]] = [
    ({"name": "adam", "amsgrad": True}, lambda: keras.optimizers.Adam(amsgrad=True)),
    ({"name": "rmsprop", "momentum": 0.5}, lambda: keras.optimizers.RMSprop(momentum=0.5)),
    ({"name": "adagrad", "learning_rate": 0.1}, lambda: keras.optimizers.Adagrad(0.1)),
    (
        {"name": "sgd", "learning_rate": {"name": "exponential_decay", **SCHEDULE, "staircase": True}},
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(**SCHEDULE, staircase=True)),
    ),
    (
        {"name": "sgd", "learning_rate": {"name": "inverse_time_decay", **SCHEDULE}},
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(**SCHEDULE)),
    ),
    (
        {
            "name": "sgd",
            "learning_rate": {"name": "piecewise_constant_decay", "boundaries": [3, 9], "values": [0.1, 0.05, 0.01]},
        },
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.PiecewiseConstantDecay([3, 9], [0.1, 0.05, 0.01])),
    ),
]


@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [*SOME, *(pytest.param(*other, marks=pytest.mark.full) for other in OTHERS)],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "keras",
)
def test_every_optimizer_and_schedule_is_keras_own(samples: Samples, optimizer: dict[str, Any], theirs: Any) -> None:
    record = Record()
    train(spec(compile={"optimizer": optimizer}), samples, record)
    model = keras_model()
    model.compile(theirs(), "categorical_crossentropy", metrics=["categorical_accuracy"])
    assert_equal_history(record, keras_fit(model, samples))
    # What an epoch takes in the store is told beforehand, but for counters and random states.
    size = sum(array.nbytes for array in record.states[2].values())
    job = spec(compile={"optimizer": optimizer})
    assert 0 <= size - epoch_bytes(job, summarize(job.architecture, (28, 28, 1))) <= 40


@pytest.mark.parametrize(
    ("loss", "theirs"),
    [
        ("categorical_focal_crossentropy", "categorical_focal_crossentropy"),
        pytest.param("binary_crossentropy", "binary_crossentropy", marks=pytest.mark.full),
        pytest.param("mean_squared_error", "mean_squared_error", marks=pytest.mark.full),
        (
            {"name": "categorical_crossentropy", "label_smoothing": 0.1},
            keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        ),
    ],
)
def test_losses_and_metrics_are_keras_own(samples: Samples, loss: Any, theirs: Any) -> None:
    metrics = ["accuracy", "precision", "auc", "top_k_categorical_accuracy"]
    record = Record()
    train(spec(compile={"loss": loss, "metrics": metrics}), samples, record)
    model = keras_model()
    words = ["accuracy", keras.metrics.Precision(), keras.metrics.AUC(), "top_k_categorical_accuracy"]
    model.compile("sgd", theirs, metrics=words)
    assert_equal_history(record, keras_fit(model, samples))


@pytest.mark.parametrize(
    ("regularizer", "theirs"),
    [
        pytest.param("l1", keras.regularizers.L1(0.01), marks=pytest.mark.full),
        ({"name": "l2", "l2": 0.5}, keras.regularizers.L2(0.5)),
        pytest.param("l1_l2", keras.regularizers.L1L2(0.01, 0.01), marks=pytest.mark.full),
    ],
)
def test_regularizers_count_in_the_loss(samples: Samples, regularizer: Any, theirs: Any) -> None:
    layers = [DENSE[0], {**DENSE[1], "kernel_regularizer": regularizer}]
    record = Record()
    train(spec(layers), samples, record)
    model = keras_model(kernel_regularizer=theirs)
    model.compile("sgd", "categorical_crossentropy", metrics=["categorical_accuracy"])
    assert_equal_history(record, keras_fit(model, samples))


def test_class_weights_are_those_of_keras_fit(samples: Samples) -> None:
    record = Record()
    train(spec(class_weight={"3": 5.0, "7": 0.0}), samples, record)
    model = keras_model()
    model.compile("sgd", "categorical_crossentropy", metrics=["categorical_accuracy"])
    wanted = {c: {3: 5.0, 7: 0.0}.get(c, 1.0) for c in range(10)}
    assert_equal_history(record, keras_fit(model, samples, class_weight=wanted))


def test_balanced_class_weights_make_all_classes_weigh_the_same(samples: Samples) -> None:
    record = Record()
    train(spec(class_weight="balanced"), samples, record)
    counts = samples.y_train.sum(axis=0)
    model = keras_model()
    model.compile("sgd", "categorical_crossentropy", metrics=["categorical_accuracy"])
    wanted = {c: 200 / (10 * counts[c]) for c in range(10)}
    assert sum(wanted[c] * counts[c] for c in range(10)) == pytest.approx(200)
    assert_equal_history(record, keras_fit(model, samples, class_weight=wanted))


EVERYTHING = [
    {"type": "random_rotation", "factor": 0.1},
    {"type": "random_zoom", "height_factor": 0.1},
    {"type": "random_contrast", "factor": 0.2},
    {"type": "conv2d", "filters": 3, "kernel_size": 5, "strides": 2, "name": "Conv1"},
    {"type": "batch_normalization"},
    {"type": "re_lu"},
    {"type": "spatial_dropout2d", "rate": 0.2},
    *DENSE,
]


def test_a_run_stopped_in_the_middle_of_an_epoch_goes_on_to_the_same_bits(samples: Samples) -> None:
    adam = {"optimizer": SOME[-1][0]}
    whole = Record()
    train(spec(EVERYTHING, compile=adam, epochs=4), samples, whole)
    broken = Record(stop_at=(3, 2))
    with pytest.raises(Stopped):
        train(spec(EVERYTHING, compile=adam, epochs=4), samples, broken)
    assert sorted(broken.states) == [0, 1, 2]
    broken.stop_at = None
    history = tuple(broken.metrics[epoch] for epoch in (1, 2))
    train(spec(EVERYTHING, compile=adam, epochs=4), samples, broken, Start(2, broken.states[2], history=history))
    for epoch in range(5):
        for name, array in whole.states[epoch].items():
            np.testing.assert_array_equal(array, broken.states[epoch][name], err_msg=f"{name} at epoch {epoch}")
    assert whole.metrics == broken.metrics


def test_a_run_that_stops_early_stops_at_the_same_epoch_when_it_was_interrupted(samples: Samples) -> None:
    stopping = {"monitor": "val_loss", "patience": 2, "min_delta": 10.0}
    whole = Record()
    train(spec(epochs=20, early_stopping=stopping), samples, whole)
    assert sorted(whole.states) == [0, 1, 2, 3]
    for last in (1, 2, 3):
        history = tuple(whole.metrics[epoch] for epoch in range(1, last + 1))
        record = Record()
        start = Start(last, whole.states[last], history=history)
        train(spec(epochs=20, early_stopping=stopping), samples, record, start)
        assert sorted(record.states) == list(range(last + 1, 4))


def test_frozen_layers_do_not_change_and_the_others_do(samples: Samples) -> None:
    layers = [{**layer, "trainable": layer["type"] != "conv2d"} for layer in EVERYTHING]
    record = Record()
    train(spec(layers, epochs=1), samples, record)
    before, after = record.states[0], record.states[1]
    same = {name for name in before if name.startswith("model/") and np.array_equal(before[name], after[name])}
    assert same == {"model/Conv1/0/kernel", "model/Conv1/1/bias"}
