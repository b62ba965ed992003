"""What a layer makes of many images: its representation of them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.batches import batch_size
from cnnservice.nn.inference import WarmModel


def representation(
    model: WarmModel,
    images: NDArray[np.float32],
    layer: str,
    *,
    progress: Callable[[int], None],
) -> NDArray[np.float32]:
    """A layer's outputs (n, d), flattened, for images (n, H, W, C) normalised; nothing after the layer is computed.

    progress is told before each batch how many images are done. Beside the outputs themselves, only those of one batch
    are held.
    """
    size = prod(model.keras_model.get_layer(layer).output.shape[1:])
    batch = batch_size(model.numbers_up_to(layer))
    outputs = np.empty((len(images), size), np.float32)
    for start in range(0, len(images), batch):
        progress(start)
        end = start + batch
        outputs[start:end] = model.run_to(layer, images[start:end]).reshape(-1, size)
    return outputs
