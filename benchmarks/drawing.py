"""Drawing against matplotlib, the library call, numbers in memory."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.animation import ArtistAnimation

from benchmarks.pairs import Comparison, compare
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.grid import draw_slices, layout

mpl.use("Agg")


def filter_grid(rows: int, cols: int) -> Comparison:
    """A grid of 5x5 filters in grey against subplot, imshow and savefig."""
    slices = np.random.default_rng(0).normal(size=(rows * cols, 5, 5)).astype(np.float32)

    def theirs() -> bytes:
        figure = plt.figure(figsize=(cols, rows))
        for number, tile in enumerate(slices):
            axes = figure.add_subplot(rows, cols, number + 1)
            axes.imshow(tile, cmap="gray")
            axes.axis("off")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
        return buffer.getvalue()

    def ours() -> bytes:
        return draw_slices(slices, layout(rows * cols, 5, 5, cols=cols))

    return compare(f"filters {rows}x{cols}, PNG", ours, "matplotlib", theirs)


def animation_page(epochs: int, filters: int) -> Comparison:
    """A page of filters by epoch, as slowly moving as trained ones are, against ArtistAnimation.to_jshtml."""
    steps = np.random.default_rng(0).normal(size=(epochs, filters, 5, 5)).astype(np.float32)
    frames = steps[:1] + np.cumsum(steps, axis=0) * 0.02

    def theirs() -> bytes:
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

    def ours() -> bytes:
        return animation_html(
            frames,
            epochs=range(epochs),
            captions=[""] * epochs,
            title="Conv2",
            indices=range(filters),
            layout=layout(filters, 5, 5),
        )

    return compare(f"animation, {epochs} epochs of {filters} filters", ours, "to_jshtml", theirs)
