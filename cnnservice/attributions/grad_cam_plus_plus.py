"""Grad-CAM++. Source: Chattopadhay et al., arXiv 1710.11063."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnservice.attributions.cam import ClassActivationMap
from cnnservice.attributions.network import Array, Network


class GradCamPlusPlus(ClassActivationMap):
    """Grad-CAM with weights that count each position of a map by how much of the score it makes.

    With the score's exponential, so that the second and third derivative are the square and the cube of the first
    (equation 19); the exponential itself, common to all weights, is left out. As in the authors' own implementation,
    the alphas of a map add up to 1, those that count: where the gradient is positive.
    """

    name: ClassVar = "grad_cam_plus_plus"
    title: ClassVar = "Grad-CAM++"
    source: ClassVar = "arXiv 1710.11063"
    trust: ClassVar = (
        "Covers several instances where Grad-CAM finds one. Only positive gradients count, so that what speaks against "
        "the class is not seen, and maps of different classes look more alike than Grad-CAM's."
    )

    def weigh(self, network: Network, image: Array, layer: str, target: int) -> Array:
        (maps,), (first,) = (array.astype(np.float64) for array in network.map_gradients(image[None], layer, target))
        second, third = first**2, first**3
        divisor = 2 * second + third * maps.sum(axis=(0, 1))
        alphas = np.divide(second, divisor, out=np.zeros_like(second), where=divisor != 0)
        sums = alphas.sum(axis=(0, 1), where=first > 0)
        alphas /= np.where(sums != 0, sums, 1)
        weights = (alphas * np.maximum(first, 0)).sum(axis=(0, 1))
        cam: Array = np.maximum(maps @ weights, 0).astype(np.float32)
        return cam
