"""SmoothGrad. Source: Smilkov et al., arXiv 1706.03825."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary


class SmoothGrad(Method):
    """The mean gradient over copies of the image with noise on them, which averages what is only local away."""

    name: ClassVar = "smoothgrad"
    title: ClassVar = "SmoothGrad"
    source: ClassVar = "arXiv 1706.03825"
    trust: ClassVar = (
        "Less noisy than the gradient and as true to the weights. It shows the surroundings of the image, not the "
        "image itself: with much noise these are images the network was never trained on."
    )
    signed: ClassVar = False

    samples: Annotated[int, Field(ge=1, le=1000, description="copies with noise")] = 50
    noise: Annotated[
        float,
        Field(ge=0, le=1, description="standard deviation, as a part of the image's range from least to greatest"),
    ] = 0.15
    seed: Annotated[int, Field(ge=0, lt=1 << 32, description="of the noise")] = 0

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        deviation = self.noise * float(image.max() - image.min())
        noise = np.random.default_rng(self.seed).normal(0, 1, (self.samples, *image.shape))
        noisy = (image + deviation * noise).astype(np.float32)
        return Attribution(network.gradients(noisy, target).mean(axis=0))

    def passes(self, summary: Summary) -> int:  # noqa: ARG002
        return self.samples
