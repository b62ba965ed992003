"""The test images that most activate each filter of a layer."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from cnnservice.results import Result
from worker.computations.work import Work
from worker.samples import test_split

_BATCH = 256
# Numbers in a layer's output for a batch: 64 MB.
_OUTPUTS = 1 << 24


def top_images(work: Work) -> Result:
    """Of the layer at the argument `layer`, for each filter the `count` test images with the greatest output.

    values (filters, count) float32, the greatest first; indices (filters, count) int64 into the test split, of equal
    images the first; positions (filters, count, axes) int64, where in the map it is: (row, column) of a convolution.
    There are fewer where the split has fewer. Source: arXiv 1311.2901, section 4.
    """
    snapshot, layer, count = work.snapshot(), str(work.arguments["layer"]), int(work.arguments["count"])
    model = work.model(snapshot)
    images, _ = test_split(work.parts, snapshot)
    *map_shape, filters = snapshot.layer(layer).output_shape
    batch = max(1, min(_BATCH, _OUTPUTS // (prod(map_shape) * filters)))
    best = [np.empty((filters, 0), kind) for kind in (np.float32, np.int64, np.int64)]
    for start in range(0, len(images), batch):
        work.report(start / len(images), f"image {start} of {len(images)}")
        maps = model.run_to(layer, images[start : start + batch])
        maps = maps.reshape(len(maps), prod(map_shape), filters)
        numbers = np.broadcast_to(np.arange(start, start + len(maps)), (filters, len(maps)))
        seen = [
            np.hstack(both) for both in zip(best, (maps.max(axis=1).T, numbers, maps.argmax(axis=1).T), strict=True)
        ]
        # Stable: those seen before stand before others that are as great.
        order = np.argsort(-seen[0], axis=1, kind="stable")[:, :count]
        best = [np.take_along_axis(array, order, axis=1) for array in seen]
    values, indices, places = best
    return Result({"values": values, "indices": indices, "positions": _unravelled(places, map_shape)})


def _unravelled(places: NDArray[np.int64], map_shape: list[int]) -> NDArray[np.int64]:
    if not map_shape:
        return np.empty((*places.shape, 0), np.int64)
    return np.stack(np.unravel_index(places, map_shape), axis=-1).astype(np.int64)
