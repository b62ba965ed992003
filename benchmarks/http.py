"""Pictures over HTTP, from a running service, beside the call of the library that draws them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.drawing import jshtml, moving_filters
from benchmarks.pairs import Pairs, milliseconds, paired, seconds
from benchmarks.rows import Row
from benchmarks.service import Getter, Service, running_service
from cnnservice.drawing.grid import draw_slices, layout

_EPOCHS = 30
_FEW: dict[str, Any] = {"train_samples": 64, "test_samples": 16}


def rows() -> Iterator[Row]:
    """Cold: each epoch is asked for once, so that nothing is known of it but by the system's cache of files."""
    with running_service() as service:
        model = service.train(epochs=_EPOCHS, **_FEW)
        yield from _filters(service, f"/v1/models/{model}/layers/Conv1", "4x8", "")
        yield from _filters(service, f"/v1/models/{model}/layers/Conv2", "8x8", "&count=64")
        yield _animation(service)
        yield _large_model(service)


def _filters(service: Service, layer: str, size: str, query: str) -> Iterator[Row]:
    getter = Getter(service.port)
    _, array = getter.get(f"{layer}/filters.npy?epoch=0{query}")
    slices = np.load(io.BytesIO(array))
    plan = layout(len(slices), *slices.shape[1:])

    def library() -> bytes:
        return draw_slices(slices, plan)

    def ask(epoch: int) -> None:
        getter.get(f"{layer}/filters.png?epoch={epoch}{query}")

    ask(0)
    library()
    times = [(seconds(lambda n=n: ask(n)), seconds(library)) for n in range(1, _EPOCHS + 1)]  # type: ignore[misc]
    cold = Pairs([ours for ours, _ in times], [theirs for _, theirs in times])
    what, against = f"`filters.png` {size} over HTTP", f"library call: {milliseconds(cold.their_seconds)}"
    yield Row(f"{what}, cold", milliseconds(cold.our_seconds), against, cold.seconds_more * 1e3, "ms more", at_most=5)
    path = f"{layer}/filters.png?epoch=1{query}"
    headers, _ = getter.get(path)
    tag = {"If-None-Match": headers["etag"]}
    again = paired(lambda: getter.get(path, 304, **tag), library, our_repeat=50, their_repeat=50)
    here = milliseconds(again.our_seconds)
    yield Row(f"{what}, `If-None-Match`", here, against, again.seconds_more * 1e3, "ms more", at_most=2)


def _animation(service: Service) -> Row:
    frames = moving_filters(_EPOCHS, 64)

    # Each time a model that nobody has looked at.
    models = iter([service.train(epochs=_EPOCHS - 1, **_FEW) for _ in range(6)])
    getter = Getter(service.port)

    def page() -> None:
        getter.get(f"/v1/models/{next(models)}/layers/Conv2/animation.html?count=64")

    times = paired(page, lambda: jshtml(frames), pairs=5)
    return Row(
        f"`animation.html` over HTTP, cold, {_EPOCHS} epochs of 64 filters from the store",
        milliseconds(times.our_seconds),
        f"to_jshtml: {milliseconds(times.their_seconds)}",
        times.times_faster,
        at_least=50,
    )


def _large_model(service: Service) -> Row:
    conv1 = {"type": "conv2d", "name": "Conv1", "filters": 8, "kernel_size": 5, "activation": "relu"}
    epochs = 8

    def trained(units: int) -> tuple[str, int]:
        dense = [{"type": "dense", "units": units}, {"type": "dense", "units": 10, "activation": "softmax"}]
        network = {"layers": [conv1, {"type": "flatten"}, *dense]}
        model = service.train(epochs=epochs, architecture=network, **_FEW)
        with service.client() as client:
            stored: int = client.get(f"/v1/models/{model}").json()["stored_bytes"]
        return model, stored // (epochs + 1)

    (large, large_bytes), (small, small_bytes) = trained(5400), trained(54)
    getter, turns = Getter(service.port), {large: iter(range(epochs + 1)), small: iter(range(epochs + 1))}

    def draw(model: str) -> None:
        getter.get(f"/v1/models/{model}/layers/Conv1/filters.png?epoch={next(turns[model])}")

    times = paired(lambda: draw(large), lambda: draw(small))
    return Row(
        f"Conv1 of a model of {large_bytes / 1e6:.0f} MB an epoch, drawn cold",
        milliseconds(times.our_seconds),
        f"the same of {small_bytes / 1e6:.1f} MB: {milliseconds(times.their_seconds)}",
        1 / times.times_faster,
        "times as long",
        at_most=1.5,
        limit="bytes read: the header and at most 64 kB behind it, of both",
    )
