"""Train a model by Keras' own fit, handing out its state after every epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnservice.nn.build import build_model, compile_model
from cnnservice.nn.execution import steps_per_execution
from cnnservice.nn.pretrained import take_pretrained
from cnnservice.nn.runtime import start_afresh
from cnnservice.nn.state import adopt_variables, assign_variables, read_variables, training_variables
from cnnservice.sample_order import sample_order
from cnnservice.specs.architecture import summarize
from cnnservice.specs.job import JobSpec, resolve

State = dict[str, NDArray[Any]]


class Stopped(Exception):
    """Training was told to stop; the epoch under way is dropped."""


class OutOfMemory(Exception):
    """TensorFlow could not have the memory it wanted."""


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
    """Where a run goes on: after this epoch, from this state.

    origin is the epoch the job began at, history the metrics of its own epochs since. another tells that the state is
    another job's: of its optimizer's state that is taken on then which fits.
    """

    epoch: int
    state: State
    origin: int = 0
    history: tuple[Mapping[str, float], ...] = ()
    another: bool = False


class Observer(Protocol):
    """Who follows a run. epoch counts from 1; epoch 0 is the state before training."""

    def should_stop(self) -> bool:
        """Asked after every call of batch_ended."""

    def batch_ended(self, epoch: int, step: int, steps: int, read_metrics: Callable[[], dict[str, float]]) -> None:
        """step counts from 1; batches that are executed together end together, after a fraction of a second.

        read_metrics waits for the device, so call it when its answer is wanted.
        """

    def epoch_ended(self, epoch: int, state: State, metrics: dict[str, float], seconds: float) -> None:
        """state is a copy that the observer may keep."""


def train(spec: JobSpec, samples: Samples, observer: Observer, start: Start | None = None) -> None:
    """Train what the spec says, from the start or from where an earlier run had come; both give the same bits.

    Raises Stopped, Diverged, OutOfMemory, PretrainedNotFetched.
    """
    try:
        _train(spec, samples, observer, start)
    except (tf.errors.ResourceExhaustedError, tf.errors.AbortedError) as error:
        # oneDNN's word for it is its status 1.
        if isinstance(error, tf.errors.ResourceExhaustedError) or "Status: 1," in error.message:
            raise OutOfMemory(error.message) from error
        raise


def _train(spec: JobSpec, samples: Samples, observer: Observer, start: Start | None) -> None:
    start_afresh(spec.seed)
    input_shape, classes = samples.x_train.shape[1:], samples.y_train.shape[1]
    architecture = resolve(spec.architecture, input_shape, classes)
    model = build_model(architecture, input_shape)
    if start is None and architecture.base is not None:
        take_pretrained(model, architecture.base)
    compile_model(model, spec.compile)
    variables = training_variables(model)
    done, last, history = 0, spec.epochs, list[Mapping[str, float]]()
    if start is None:
        observer.epoch_ended(0, read_variables(variables), {}, 0.0)
    else:
        if start.another:
            adopt_variables(variables, start.state)
        else:
            assign_variables(variables, start.state)
        done, last, history = start.epoch, start.origin + spec.epochs, list(start.history)
    if done >= last or _stops(spec, history):
        return
    model.steps_per_execution = steps_per_execution(summarize(architecture, input_shape), spec)
    progress = _Progress(observer, variables, spec, history)
    model.fit(
        _batches(spec, samples, lambda: progress.epoch),
        initial_epoch=done,
        epochs=last,
        shuffle=False,
        class_weight=_class_weight(spec, samples),
        validation_data=_untuned(
            tf.data.Dataset.from_tensor_slices((samples.x_test, samples.y_test)).batch(spec.batch_size)
        ),
        callbacks=[progress],
        verbose=0,
    )


def _stops(spec: JobSpec, history: Sequence[Mapping[str, float]]) -> bool:
    return spec.early_stopping is not None and spec.early_stopping.should_stop(history)


def _class_weight(spec: JobSpec, samples: Samples) -> dict[int, float] | None:
    """A weight for each class. Balanced, all classes' samples weigh the same together, and a sample 1 on average."""
    if spec.class_weight is None:
        return None
    counts = samples.y_train.sum(axis=0)
    if spec.class_weight == "balanced":
        return {
            c: float(len(samples.y_train) / (len(counts) * count)) if count else 0.0 for c, count in enumerate(counts)
        }
    return {c: spec.class_weight.get(str(c), 1.0) for c in range(len(counts))}


def _batches(spec: JobSpec, samples: Samples, epoch: Callable[[], int]) -> tf.data.Dataset:
    """Batches of one epoch, in the order of the epoch that it is when they are begun to be read.

    Keras reads it anew for each epoch, so that its end is an epoch's end also where steps are executed several at once.
    Keras' own shuffle could not be resumed.
    """
    x, y = tf.constant(samples.x_train), tf.constant(samples.y_train)
    count = len(samples.x_train)

    def order(_: tf.Tensor) -> tf.data.Dataset:
        indices = tf.numpy_function(lambda: sample_order(spec.seed, epoch(), count), [], tf.int64)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(indices, [count])).batch(spec.batch_size)

    batches = tf.data.Dataset.range(1).flat_map(order).map(lambda i: (tf.gather(x, i), tf.gather(y, i)))
    return _untuned(batches.apply(tf.data.experimental.assert_cardinality(spec.steps_per_epoch)).prefetch(2))


def _untuned(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Without tf.data's tuner, which has nothing to tune here and whose thread may not hear that it is to end.

    It wakes at 10 ms times powers of two, so fits ended 41, 82 and 164 s after they began, up to 63 s after
    their last epoch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(
        self,
        observer: Observer,
        variables: Mapping[str, keras.Variable],
        spec: JobSpec,
        history: list[Mapping[str, float]],
    ) -> None:
        super().__init__()
        self._observer, self._variables, self._spec, self._history = observer, variables, spec, history
        self.epoch, self._began = 0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self.epoch, self._began = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        # Of steps that are executed together this is called after the last, were there so many left.
        steps = self._spec.steps_per_epoch
        self._observer.batch_ended(self.epoch, min(batch + 1, steps), steps, lambda: _floats(logs or {}))
        if self._observer.should_stop():
            raise Stopped

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        metrics = _floats(logs or {})
        if not all(math.isfinite(value) for value in metrics.values()):
            raise Diverged(", ".join(f"{name} is {value}" for name, value in metrics.items()))
        seconds = time.perf_counter() - self._began
        self._observer.epoch_ended(self.epoch, read_variables(self._variables), metrics, seconds)
        self._history.append(metrics)
        if _stops(self._spec, self._history):
            self.model.stop_training = True


def _floats(logs: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}
