"""Vanilla saliency. Source: Simonyan et al., arXiv 1312.6034, section 3."""

from __future__ import annotations

from typing import ClassVar

from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network


class Gradient(Method):
    """The derivative of the class's score by every pixel: which of them would change it most, were they changed."""

    name: ClassVar = "gradient"
    title: ClassVar = "Gradient (saliency)"
    source: ClassVar = "arXiv 1312.6034"
    trust: ClassVar = (
        "Exact for small changes, and it follows the weights: randomising them changes the map (arXiv 1810.03292). "
        "Noisy, and near 0 where the score is saturated. It says what would matter, not what did."
    )
    signed: ClassVar = False

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        return Attribution(network.gradients(image[None], target)[0])
