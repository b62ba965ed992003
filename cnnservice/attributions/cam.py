"""What the class activation maps share: a layer's feature maps, weighed and added, laid over the image."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
from PIL import Image
from pydantic import Field

from cnnservice.attributions.layers import layer_with_maps
from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary


class ClassActivationMap(Method):
    """Where a layer sees what speaks for the class; as coarse as the layer's maps. The detail cam is the map itself."""

    signed: ClassVar = False

    layer: Annotated[
        str | None,
        Field(max_length=64, description="a layer with feature maps; the last with maps of its own when not given"),
    ] = None

    @abstractmethod
    def weigh(self, network: Network, image: Array, layer: str, target: int) -> Array:
        """The map (h, w), not negative, of a layer."""

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        layer = layer_with_maps(network.summary, self.layer).name
        cam = self.weigh(network, image, layer, target)
        return Attribution(enlarged(cam, image.shape[:2])[..., np.newaxis], {"cam": cam})

    def check(self, summary: Summary) -> None:
        layer_with_maps(summary, self.layer)


def enlarged(plane: Array, shape: tuple[int, ...]) -> Array:
    """A plane (h, w) as (H, W), bilinearly, corners of cells on corners."""
    height, width = shape
    resized = Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    return np.asarray(resized)
