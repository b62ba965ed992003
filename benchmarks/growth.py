"""How cost grows: with filters, epochs, and the size of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from benchmarks.drawing import moving_filters
from benchmarks.pairs import median_seconds, milliseconds
from benchmarks.rows import Row
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.grid import draw_images, draw_slices, layout

_FILTERS = (8, 32, 128, 512, 2048, 4096)
_EPOCHS = (1, 10, 30, 100, 200, 1000)
_SIDES = (28, 64, 128, 256, 512)


def rows() -> Iterator[Row]:
    """A row a step, each against the smallest; nothing is demanded."""
    yield from _growth("grid of {} filters", _FILTERS, _grid)
    yield from _growth("page of {} epochs of 64 filters", _EPOCHS, _page)
    yield from _growth("36 colour images, {} pixels wide", _SIDES, _sheet)


def _grid(filters: int) -> Callable[[], bytes]:
    slices = np.random.default_rng(0).normal(size=(filters, 5, 5)).astype(np.float32)
    # One scale for all, so that only their number grows; by default tiles are about 80 pixels wide.
    return partial(draw_slices, slices, layout(filters, 5, 5, scale=6))


def _page(epochs: int) -> Callable[[], bytes]:
    return partial(
        animation_html,
        moving_filters(epochs, 64),
        epochs=range(epochs),
        captions=[""] * epochs,
        title="Conv2",
        indices=range(64),
        layout=layout(64, 5, 5),
    )


def _sheet(side: int) -> Callable[[], bytes]:
    images = np.random.default_rng(0).integers(0, 256, (36, side, side, 3), np.uint8)
    return partial(draw_images, images, layout(36, side, side, scale=1))


def _growth(what: str, steps: Sequence[int], make: Callable[[int], Callable[[], bytes]]) -> Iterator[Row]:
    first = median_seconds(make(steps[0]))
    for step in steps:
        draw = make(step)
        time = median_seconds(draw)
        here = f"{milliseconds(time)}, {len(draw()) / 1e3:.3g} kB"
        against = f"{steps[0]}: {milliseconds(first)}"
        yield Row(what.format(step), here, against, time / first, f"times as long for {step / steps[0]:.3g} times")
