"""What the class activation maps share: a layer's feature maps, weighed and added, laid over the image."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnnservice.attributions.layers import layer_with_maps
from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network, Places
from cnnservice.specs.architecture import Summary


class ClassActivationMap(Method):
    """Where a layer sees what speaks for the class; as coarse as the layer's maps. The cam is the map itself."""

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
        return Attribution(placed(cam, network.places(layer), image.shape[:2])[..., np.newaxis], cam=cam)

    def check(self, summary: Summary) -> None:
        layer_with_maps(summary, self.layer)


def placed(plane: Array, places: Places, shape: tuple[int, ...]) -> Array:
    """A plane (h, w) laid over an image (H, W): each value at the middle of the pixels it was made of.

    Bilinear between these. Outside, a value reaches half as far as to its neighbour, and is gone after as far again
    and half: there the layer has no place. Stretched from edge to edge instead, as is common, a map of unpadded
    convolutions would lie wrong.
    """
    rows, columns = (_reach(np.asarray(middles), size) for middles, size in zip(places, shape, strict=True))
    laid: Array = (rows @ plane @ columns.T).astype(np.float32)
    return laid


def _reach(middles: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """A matrix (size, n): how much each of n places, in order, counts at each pixel along one side."""
    if len(middles) == 1:
        return np.ones((size, 1))
    step = (middles[-1] - middles[0]) / (len(middles) - 1)
    outside = np.array([1.5, 0.5]) * step
    at = np.concatenate([middles[0] - outside, middles, middles[-1] + outside[::-1]])
    # Of each place its own value and, at both ends, 0.
    values = np.pad(np.pad(np.eye(len(middles)), ((0, 0), (1, 1)), "edge"), ((0, 0), (1, 1)))
    return np.stack([np.interp(np.arange(size), at, of_place) for of_place in values], axis=1)
