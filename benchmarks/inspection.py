"""Answers of warm models: through the queue beside Keras in process, another epoch, and many clients at once."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crowd import Crowd, crowd
from benchmarks.pairs import Pairs, milliseconds, paired
from benchmarks.processes import cpu_seconds, process_of
from benchmarks.rows import Row
from benchmarks.service import Getter, Service, running_service

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_MODELS, _EPOCHS, _CLIENTS, _SECONDS, _TURNS = 4, 4, 16, 4.0, 5
_LAYER = "Conv1"


def rows() -> Iterator[Row]:
    """The notebook's network throughout."""
    with running_service() as service:
        models = [
            service.train(epochs=_EPOCHS, seed=seed, train_samples=640, test_samples=64) for seed in range(_MODELS)
        ]
        yield from _one_client(service, models[0])
        yield from _many_clients(service, models)
    yield _another_epoch()


def _one_client(service: Service, model: str) -> Iterator[Row]:
    import keras

    from cnnservice.nn.build import build_model
    from cnnservice.specs.job import resolve

    network = build_model(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    layer = keras.Model(network.inputs, network.get_layer(_LAYER).output)
    image = np.zeros((1, 28, 28, 1), np.float32)
    getter = Getter(service.port)
    for ending in ("json", "png"):
        path = f"/v1/models/{model}/layers/{_LAYER}/activations.{ending}?image=mnist:test:0&epoch=1"
        times = paired(lambda path=path: getter.get(path), lambda: layer.predict(image, verbose=0), pairs=100)  # type: ignore[misc]
        yield from _percentiles(f"`activations.{ending}` of a warm model over HTTP", times)


def _percentiles(what: str, times: Pairs) -> Iterator[Row]:
    for percent, most in ((50, 0.5), (95, 1.0)):
        ours, theirs = (float(np.percentile(values, percent)) for values in (times.ours, times.theirs))
        against = f"Model.predict in process: {milliseconds(theirs)}"
        yield Row(f"{what}, p{percent}", milliseconds(ours), against, ours / theirs, "of its time", at_most=most)


def _many_clients(service: Service, models: list[str]) -> Iterator[Row]:
    paths = [
        f"/v1/models/{model}/layers/{_LAYER}/activations.json?epoch={epoch}&image=mnist:test:"
        for model in models
        for epoch in range(1, _EPOCHS + 1)
    ]
    crowd(service.port, paths, clients=1, seconds=1.0)
    costs = _Costs(service)
    alone, together = list[Crowd](), list[Crowd]()
    for _ in range(_TURNS):
        for clients, crowds in ((1, alone), (_CLIENTS, together)):
            with costs.of(clients):
                crowds.append(crowd(service.port, paths, clients=clients, seconds=_SECONDS))
    rate = statistics.median(many.rate / one.rate for one, many in zip(alone, together, strict=True))
    answers = {1: sum(len(each.seconds) for each in alone), _CLIENTS: sum(len(each.seconds) for each in together)}
    what = f"{_CLIENTS} clients, {_MODELS} models at {_EPOCHS} epochs"
    yield Row(
        f"{what}: answers a second",
        _rate(together),
        f"one client: {_rate(alone)}",
        rate,
        "times",
        at_least=3,
        limit=f"all cores full: {costs.most(_CLIENTS, answers[_CLIENTS]):.0f} a second; an answer takes API and worker "
        f"{costs.each(_CLIENTS, answers[_CLIENTS])} of CPU, one client's {costs.each(1, answers[1])}",
    )
    slowest = statistics.median(float(np.percentile(many.seconds, 99)) for many in together)
    yield Row(f"{what}: p99", milliseconds(slowest), "", slowest * 1e3, "ms", at_most=500)
    failed = sum(many.failed for many in together)
    yield Row(f"{what}: errors", f"{failed} of {answers[_CLIENTS]}", "", failed, "", at_most=0)


class _Costs:
    """CPU seconds that the API and the inspect worker have used for so many clients."""

    def __init__(self, service: Service) -> None:
        self._processes = [process_of(service, "api"), process_of(service, "worker", "inspect")]
        self._used = defaultdict[int, list[float]](lambda: [0.0, 0.0])

    @contextmanager
    def of(self, clients: int) -> Iterator[None]:
        """What is used until the block ends."""
        before = [cpu_seconds(process) for process in self._processes]
        yield
        for place, process in enumerate(self._processes):
            self._used[clients][place] += cpu_seconds(process) - before[place]

    def most(self, clients: int, answers: int) -> float:
        """Answers a second, were all cores busy with nothing else."""
        return (os.cpu_count() or 1) * answers / sum(self._used[clients])

    def each(self, clients: int, answers: int) -> str:
        """For one of so many answers."""
        return " and ".join(milliseconds(used / answers) for used in self._used[clients])


def _rate(crowds: list[Crowd]) -> str:
    return f"{statistics.median(each.rate for each in crowds):.0f} a second"


def _another_epoch() -> Row:
    from cnnservice.nn.inference import WarmModel
    from cnnservice.nn.runtime import configure
    from cnnservice.specs.job import resolve
    from cnnservice.store import open_store
    from cnnservice.weights import CheckpointStore

    configure()
    shape, image = (28, 28, 1), np.zeros((1, 28, 28, 1), np.float32)
    architecture = resolve("cnn", shape, 10)
    warm = WarmModel(architecture, shape)
    weights = {name: np.array(variable.numpy()) for name, variable in warm.variables.items()}
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(open_store(Path(folder).as_uri()))
        files = [store.write(f"epoch-{number}", weights, {}) for number in range(2)]

        def answer(model: WarmModel, number: int) -> Any:
            file = files[number % 2]
            model.load(file.path, lambda: store.read(file, model.variables))
            return model.run(image)

        turn = iter(range(1_000_000))
        switch: Callable[[], Any] = lambda: answer(warm, next(turn))  # noqa: E731
        times = paired(switch, lambda: answer(WarmModel(architecture, shape), 0), our_repeat=20)
    return Row(
        "another epoch of a warm model, read from the store, to its first answer",
        milliseconds(times.our_seconds),
        f"the model loaded anew: {milliseconds(times.their_seconds)}",
        times.times_faster,
        at_least=20,
    )
