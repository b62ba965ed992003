"""What stands in for a pixel that is taken away."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cnnservice.attributions.network import Array, Network

Baseline = Annotated[
    Literal["background", "mean"],
    Field(description="what counts as nothing: the data set's background, or the image's own mean colour"),
]


def baseline_colour(baseline: Literal["background", "mean"], network: Network, image: Array) -> Array:
    """(C,), normalised."""
    return network.background if baseline == "background" else image.mean(axis=(0, 1), dtype=np.float32)
