"""The images that most activate each filter of a layer. Source: arXiv 1311.2901, section 4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.batches import batch_size
from cnnservice.nn.inference import WarmModel


@dataclass(frozen=True)
class TopActivations:
    """For each filter the images in which its map is greatest somewhere, the greatest first, of equals the first.

    values (filters, k) float32, images (filters, k) their indices, positions (filters, k, sides) where in the map the
    greatest value is, the first in row order; without sides for a layer without maps.
    """

    values: NDArray[np.float32]
    images: NDArray[np.int64]
    positions: NDArray[np.int64]


def top_activations(
    model: WarmModel,
    layer: str,
    images: NDArray[np.float32],
    k: int,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> TopActivations:
    """Over images (n, H, W, C) normalised: k of them a filter, all of them where there are fewer.

    progress is told after every batch how many images of how many have been looked at. What is no number is least.
    """
    *sides, filters = model.keras_model.get_layer(layer).output.shape[1:]
    values = np.empty((filters, 0), np.float32)
    which, places = np.empty((filters, 0), np.int64), np.empty((filters, 0), np.int64)
    batch = batch_size(model.numbers_up_to(layer))
    for start in range(0, len(images), batch):
        outputs = model.run_to(layer, images[start : start + batch])
        maps = np.nan_to_num(outputs.reshape(len(outputs), -1, filters), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        at = maps.argmax(axis=1)
        greatest = np.take_along_axis(maps, at[:, np.newaxis], axis=1)[:, 0]
        index = np.broadcast_to(np.arange(start, start + len(outputs)), greatest.T.shape)
        values, which, places = (
            np.concatenate(pair, axis=1) for pair in ((values, greatest.T), (which, index), (places, at.T))
        )
        # Stable, and those found earlier stand first: of equals the image of the least index stays before the others.
        best = np.argsort(-values, axis=1, kind="stable")[:, :k]
        values, which, places = (np.take_along_axis(found, best, axis=1) for found in (values, which, places))
        progress(start + len(outputs), len(images))
    positions = np.stack(np.unravel_index(places, sides), axis=-1) if sides else np.empty((*places.shape, 0), np.int64)
    return TopActivations(values, which, positions)
