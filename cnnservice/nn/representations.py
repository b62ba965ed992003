"""What a layer makes of many images: its representation of them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.inference import WarmModel

_BATCH = 256
# Numbers in the layer's outputs of a batch, 16 MB: those of the layers before it are there at the same time.
_OUTPUTS = 1 << 22


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
    batch = max(1, min(_BATCH, _OUTPUTS // size))
    outputs = np.empty((len(images), size), np.float32)
    for start in range(0, len(images), batch):
        progress(start)
        end = start + batch
        outputs[start:end] = model.run_to(layer, images[start:end]).reshape(-1, size)
    return outputs
