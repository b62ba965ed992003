"""The deconvolutional network. Source: Zeiler and Fergus, arXiv 1311.2901."""

from __future__ import annotations

from typing import ClassVar

from cnnservice.attributions.network import Rule
from cnnservice.attributions.projection import Projection


class Deconvnet(Projection):
    """An activation sent back through transposed filters, rectified at each layer, and through max-pooling's switches.

    The switches are where each pooled maximum lay in the forward pass.
    """

    name: ClassVar = "deconvnet"
    title: ClassVar = "Deconvolutional network"
    source: ClassVar = "arXiv 1311.2901"
    trust: ClassVar = (
        "Shows the pattern in the image that drives one filter. Without max-pooling nothing of the image itself enters "
        "on the way back (arXiv 1412.6806), and its map of a class hardly depends on the class (arXiv 1805.07039)."
    )
    rule: ClassVar[Rule] = "deconvnet"
