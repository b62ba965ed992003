"""Guided backpropagation. Source: Springenberg et al., arXiv 1412.6806."""

from __future__ import annotations

from typing import ClassVar

from cnnservice.attributions.network import Rule
from cnnservice.attributions.projection import Projection


class GuidedBackprop(Projection):
    """The gradient, but each ReLU lets through only what both the gradient and the deconvnet would."""

    name: ClassVar = "guided_backprop"
    title: ClassVar = "Guided backpropagation"
    source: ClassVar = "arXiv 1412.6806"
    trust: ClassVar = (
        "Sharp, but believe it least: it changes little when the upper layers' weights are randomised, and hardly "
        "depends on the class (arXiv 1810.03292, 1805.07039): it recovers the image's edges more than the reason for "
        "a decision. Good for what one filter of a lower layer sees."
    )
    rule: ClassVar[Rule] = "guided"
