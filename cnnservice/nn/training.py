"""Train a model by Keras' own fit, handing out its state after every epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnservice.nn.build import build_model, compile_model
from cnnservice.nn.runtime import start_afresh
from cnnservice.nn.state import assign_variables, read_variables, training_variables
from cnnservice.sample_order import sample_order
from cnnservice.specs.job import JobSpec

State = dict[str, NDArray[Any]]


class Stopped(Exception):
    """Training was told to stop; the epoch under way is dropped."""


class Diverged(Exception):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class Samples:
    """Images (n, H, W, C) float32 normalised, and labels (n, classes) float32 one-hot."""

    x_train: NDArray[np.float32]
    y_train: NDArray[np.float32]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.float32]


@dataclass(frozen=True)
class Start:
    """Where a run goes on: after this epoch, from this state."""

    epoch: int
    state: State


class Observer(Protocol):
    """Who follows a run. epoch counts from 1; epoch 0 is the state before training."""

    def should_stop(self) -> bool:
        """Asked after every batch."""

    def batch_ended(self, epoch: int, step: int, steps: int, read_metrics: Callable[[], dict[str, float]]) -> None:
        """step counts from 1. read_metrics waits for the device, so call it when its answer is wanted."""

    def epoch_ended(self, epoch: int, state: State, metrics: dict[str, float], seconds: float) -> None:
        """state is a copy that the observer may keep."""


def train(spec: JobSpec, samples: Samples, observer: Observer, start: Start | None = None) -> None:
    """Train what the spec says, from the start or from where an earlier run had come; both give the same bits.

    Raises Stopped, Diverged.
    """
    start_afresh(spec.seed)
    model = build_model(spec.resolved_architecture(), samples.x_train.shape[1:])
    compile_model(model, spec.compile)
    variables = training_variables(model)
    if start is None:
        observer.epoch_ended(0, read_variables(variables), {}, 0.0)
        done = 0
    else:
        assign_variables(variables, start.state)
        done = start.epoch
    if done >= spec.epochs:
        return
    model.fit(
        _batches(spec, samples, first_epoch=done + 1),
        steps_per_epoch=spec.steps_per_epoch,
        initial_epoch=done,
        epochs=spec.epochs,
        shuffle=False,
        validation_data=_untuned(
            tf.data.Dataset.from_tensor_slices((samples.x_test, samples.y_test)).batch(spec.batch_size)
        ),
        callbacks=[_Progress(observer, variables, spec.steps_per_epoch)],
        verbose=0,
    )


def _batches(spec: JobSpec, samples: Samples, first_epoch: int) -> tf.data.Dataset:
    """Batches of every epoch to come, each epoch in its own order. Keras' own shuffle could not be resumed."""
    x, y = tf.constant(samples.x_train), tf.constant(samples.y_train)
    count = len(samples.x_train)

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        indices = tf.numpy_function(
            lambda epoch: sample_order(spec.seed, int(epoch), count), [epoch], tf.int64, stateful=False
        )
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(indices, [count])).batch(spec.batch_size)

    epochs = tf.data.Dataset.range(first_epoch, spec.epochs + 1)
    return _untuned(epochs.flat_map(order).map(lambda i: (tf.gather(x, i), tf.gather(y, i))).prefetch(2))


def _untuned(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Without tf.data's tuner, which has nothing to tune here and whose thread may not hear that it is to end.

    It wakes at 10 ms times powers of two, so fits ended 41, 82 and 164 s after they began, up to 63 s after
    their last epoch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, observer: Observer, variables: Mapping[str, keras.Variable], steps: int) -> None:
        super().__init__()
        self._observer, self._variables, self._steps = observer, variables, steps
        self._epoch, self._began = 0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self._epoch, self._began = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._observer.should_stop():
            raise Stopped
        self._observer.batch_ended(self._epoch, batch + 1, self._steps, lambda: _floats(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        metrics = _floats(logs or {})
        if not all(math.isfinite(value) for value in metrics.values()):
            raise Diverged(", ".join(f"{name} is {value}" for name, value in metrics.items()))
        seconds = time.perf_counter() - self._began
        self._observer.epoch_ended(self._epoch, read_variables(self._variables), metrics, seconds)


def _floats(logs: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}
