"""Integrated gradients. Source: Sundararajan et al., arXiv 1703.01365."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from cnnservice.attributions.baseline import Baseline, baseline_colour
from cnnservice.attributions.method import Attribution, Method, total
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary


class IntegratedGradients(Method):
    """The gradient along the straight way from a baseline to the image, times how far each pixel goes.

    The values add up to the score of the image less that of the baseline; by how much they do not, because the integral
    is a sum of so many steps, is the detail completeness_gap.
    """

    name: ClassVar = "integrated_gradients"
    title: ClassVar = "Integrated gradients"
    source: ClassVar = "arXiv 1703.01365"
    trust: ClassVar = (
        "Complete: the values are shares of the score, as far as completeness_gap is small. What equals the baseline "
        "gets nothing, so that on a black one black pixels never count, though a gap may be what makes a digit. The "
        "image's outline shows through even where the weights are random (arXiv 1810.03292)."
    )
    signed: ClassVar = True

    steps: Annotated[int, Field(ge=1, le=1000, description="points on the way")] = 64
    baseline: Baseline = "background"

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        start = np.broadcast_to(baseline_colour(self.baseline, network, image), image.shape)
        # In the middle of each step: the gradient of ReLUs jumps, so that rules of higher order do not pay.
        way = ((np.arange(self.steps, dtype=np.float32) + 0.5) / self.steps).reshape(-1, 1, 1, 1)
        gradients = network.gradients((start + way * (image - start)).astype(np.float32), target)
        values = (image - start) * gradients.mean(axis=0)
        at_start, at_image = network.scores(np.stack([start, image]))[:, target].astype(np.float64)
        difference = at_image - at_start
        return Attribution(
            values,
            {
                "baseline_score": np.asarray(at_start),
                "attributed": total(values),
                "completeness_gap": np.asarray(difference - total(values)),
            },
        )

    def passes(self, summary: Summary) -> int:  # noqa: ARG002
        return self.steps + 2
