"""Grad-CAM. Source: Selvaraju et al., arXiv 1610.02391."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnservice.attributions.cam import ClassActivationMap
from cnnservice.attributions.network import Array, Network


class GradCam(ClassActivationMap):
    """A layer's feature maps, each weighed by the mean of the score's gradient over it; what is positive of the sum."""

    name: ClassVar = "grad_cam"
    title: ClassVar = "Grad-CAM"
    source: ClassVar = "arXiv 1610.02391"
    trust: ClassVar = (
        "Follows the weights and the class (arXiv 1810.03292). As coarse as the layer's maps, and it may miss all but "
        "one of several instances. It knows nothing of where the layers above look: a dense layer's weights differ "
        "by position, and their mean does not."
    )

    def weigh(self, network: Network, image: Array, layer: str, target: int) -> Array:
        (maps,), (gradients,) = network.map_gradients(image[None], layer, target)
        cam: Array = maps @ gradients.mean(axis=(0, 1))
        return np.maximum(cam, 0)
