"""Score-CAM. Source: Wang et al., arXiv 1910.01279."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnservice.attributions.cam import ClassActivationMap, placed
from cnnservice.attributions.layers import layer_with_maps
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary


class ScoreCam(ClassActivationMap):
    """A layer's feature maps, each weighed by the score of the image seen through it alone; no gradients.

    Each map, laid over the image and brought to 0..1, multiplies the image less the background; the softmax over the
    maps of the class's scores are the weights. A map that is the same everywhere hides nothing, and has no weight.
    """

    name: ClassVar = "score_cam"
    title: ClassVar = "Score-CAM"
    source: ClassVar = "arXiv 1910.01279"
    trust: ClassVar = (
        "Needs no gradient, so that saturation does not matter. A masked image is none the network was trained on, and "
        "a score that is high because little is hidden weighs as much as one for the right reason."
    )

    def weigh(self, network: Network, image: Array, layer: str, target: int) -> Array:
        (maps,) = network.maps(image[None], layer)
        low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
        varied = np.flatnonzero(high > low)
        if not varied.size:
            return np.zeros(maps.shape[:2], np.float32)
        places = network.places(layer)
        masks = np.stack([placed(maps[..., k], places, image.shape[:2]) for k in varied])
        masks -= masks.min(axis=(1, 2), keepdims=True)
        masks /= masks.max(axis=(1, 2), keepdims=True)
        nothing = network.background
        seen = nothing + (image - nothing) * masks[..., np.newaxis]
        scores = network.scores(seen.astype(np.float32))[:, target].astype(np.float64)
        weights = np.exp(scores - scores.max())
        cam: Array = np.maximum(maps[..., varied] @ (weights / weights.sum()), 0).astype(np.float32)
        return cam

    def passes(self, summary: Summary) -> int:
        return 1 + layer_with_maps(summary, self.layer).output_shape[-1]
