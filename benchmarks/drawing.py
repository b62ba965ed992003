"""Drawing against matplotlib, the library call, numbers in memory."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.animation import ArtistAnimation
from numpy.typing import NDArray

from benchmarks.pairs import milliseconds, paired, seconds
from benchmarks.rows import Row
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.grid import Layout, draw_slices, layout

mpl.use("Agg")


def rows() -> Iterator[Row]:
    """The grids of the notebook, and its animation."""
    yield filter_grid(4, 8)
    yield filter_grid(8, 8)
    yield from animation_page(30, 64)


def filter_grid(rows: int, cols: int) -> Row:
    """A grid of 5x5 filters in grey against subplot, imshow and savefig."""
    slices = np.random.default_rng(0).normal(size=(rows * cols, 5, 5)).astype(np.float32)
    plan = layout(rows * cols, 5, 5, cols=cols)
    times = paired(lambda: draw_slices(slices, plan), lambda: _matplotlib_grid(slices, rows, cols), our_repeat=100)
    return Row(
        f"`filters.png` {rows}x{cols}, library call",
        milliseconds(times.our_seconds),
        f"subplot, imshow, savefig: {milliseconds(times.their_seconds)}",
        times.times_faster,
        at_least=300,
        limit=_deflating(plan),
    )


def _deflating(plan: Layout) -> str:
    """What zlib alone takes for as many bytes that are all zero: no PNG of this size is made faster with it."""
    empty = bytes(plan.height * (plan.width + 1))
    fastest = min(seconds(lambda: zlib.compress(empty, 1), 20) for _ in range(5))
    return f"deflating {plan.width}x{plan.height} zeros: {milliseconds(fastest)}"


def _matplotlib_grid(slices: NDArray[np.float32], rows: int, cols: int) -> bytes:
    figure = plt.figure(figsize=(cols, rows))
    for number, tile in enumerate(slices):
        axes = figure.add_subplot(rows, cols, number + 1)
        axes.imshow(tile, cmap="gray")
        axes.axis("off")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def animation_page(epochs: int, filters: int) -> Iterator[Row]:
    """A page of filters by epoch, as slowly moving as trained ones are, against ArtistAnimation.to_jshtml."""
    frames = moving_filters(epochs, filters)

    def ours() -> bytes:
        return animation_html(
            frames,
            epochs=range(epochs),
            captions=[""] * epochs,
            title="Conv2",
            indices=range(filters),
            layout=layout(filters, 5, 5),
        )

    theirs = len(jshtml(frames))
    times = paired(ours, lambda: jshtml(frames), our_repeat=50, pairs=5)
    what = f"`animation.html`, {epochs} epochs of {filters} filters, library call"
    against = f"to_jshtml: {milliseconds(times.their_seconds)}"
    yield Row(what, milliseconds(times.our_seconds), against, times.times_faster, at_least=300)
    size = len(ours())
    yield Row(
        "the same, bytes", f"{size / 1e3:.3g} kB", f"{theirs / 1e3:.3g} kB", size / theirs, "of the bytes", at_most=0.1
    )


def moving_filters(epochs: int, filters: int) -> NDArray[np.float32]:
    """Filters (epochs, filters, 5, 5) that move little from one epoch to the next."""
    steps = np.random.default_rng(0).normal(size=(epochs, filters, 5, 5)).astype(np.float32)
    return steps[:1] + np.cumsum(steps, axis=0) * 0.02


def jshtml(frames: NDArray[np.float32]) -> bytes:
    """The notebook's animation."""
    filters = frames.shape[1]
    figure, grid = plt.subplots(8, filters // 8, figsize=(8, 8))
    artists = [
        [axes.imshow(tile, cmap="gray", animated=True) for axes, tile in zip(grid.flat, frame, strict=True)]
        for frame in frames
    ]
    for axes in grid.flat:
        axes.axis("off")
    page = ArtistAnimation(figure, artists, interval=200).to_jshtml()
    plt.close(figure)
    return page.encode()
