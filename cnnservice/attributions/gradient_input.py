"""Gradient times input. Source: Shrikumar et al., arXiv 1605.01713."""

from __future__ import annotations

from typing import ClassVar

from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network


class GradientInput(Method):
    """The gradient times the pixel's own value: what each pixel brings to the score, were the network linear."""

    name: ClassVar = "gradient_input"
    title: ClassVar = "Gradient x input"
    source: ClassVar = "arXiv 1605.01713"
    trust: ClassVar = (
        "Of a network of ReLUs without biases the values add up to the score. A pixel of value 0 gets nothing, and "
        "which pixels are 0 is a matter of normalisation: with [-1, 1] the middle grey. The image itself shows through "
        "whatever the weights are, so compare with the gradient."
    )
    signed: ClassVar = True

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        return Attribution(image * network.gradients(image[None], target)[0])
