"""How much the channels of a network's layers ever say, over many images."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.batches import batch_size
from cnnservice.nn.inference import WarmModel


def greatest_activity(
    model: WarmModel, images: NDArray[np.float32], layers: Collection[str]
) -> dict[str, NDArray[np.float32]]:
    """The greatest |output| (C,) of each channel of the layers named, over all images and positions.

    images are (n, H, W, C) normalised; an output's last axis is its channels.
    """
    shapes = {name: model.keras_model.get_layer(name).output.shape[1:] for name in model.names}
    batch = batch_size(sum(prod(shape) for shape in shapes.values()))
    greatest = {name: np.zeros(shapes[name][-1], np.float32) for name in layers}
    for start in range(0, len(images), batch):
        maps = model.run(images[start : start + batch]).feature_maps
        for name, before in greatest.items():
            positions = np.abs(maps[name]).reshape(-1, before.size)
            np.maximum(before, positions.max(axis=0), out=before)
    return greatest
