"""LayerCAM. Source: Jiang et al., doi:10.1109/TIP.2021.3089943."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnservice.attributions.cam import ClassActivationMap
from cnnservice.attributions.network import Array, Network


class LayerCam(ClassActivationMap):
    """Every position of every map weighed by its own gradient, where that is positive."""

    name: ClassVar = "layer_cam"
    title: ClassVar = "LayerCAM"
    source: ClassVar = "doi:10.1109/TIP.2021.3089943"
    trust: ClassVar = (
        "Keeps positions apart, so that it can be drawn from early layers, whose maps are fine, and under dense "
        "layers, whose weights differ by position. What speaks against the class is not seen."
    )

    def weigh(self, network: Network, image: Array, layer: str, target: int) -> Array:
        (maps,), (gradients,) = network.map_gradients(image[None], layer, target)
        cam: Array = (np.maximum(gradients, 0) * maps).sum(axis=-1)
        return np.maximum(cam, 0)
