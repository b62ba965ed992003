"""How an input is sought that maximally activates a filter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.base import Spec

_JITTER = 2
# Filters whose inputs are sought at once, always the same ones: of a layer the first so many, the next, and so on.
GROUP = 32


class Maximization(Spec):
    """Gradient ascent and what keeps its images from being noise. Lengths are pixels.

    Pixel values are measured in halves of the range that normalised images have, from its middle: -1 to 1.
    """

    objective: Annotated[
        Literal["map", "unit"],
        Field(description="map: the mean of the filter's feature map; unit: the position in the map's middle alone"),
    ] = "map"
    steps: Annotated[int, Field(ge=1, le=1 << 16, description="of gradient ascent")] = 128
    learning_rate: Annotated[
        float, Field(gt=0, le=1, description="how far a step moves the pixel that matters most")
    ] = 0.1
    decay: Annotated[float, Field(ge=0, lt=1, description="the share of each value that a step takes away (L2)")] = 0.03
    jitter: Annotated[
        int | None,
        Field(ge=0, le=64, description="a step looks at the image shifted by up to so much; 2, for a unit 0"),
    ] = None
    blur: Annotated[float, Field(ge=0, le=16, description="the sigma of the Gaussian after every fourth step")] = 0.5
    total_variation: Annotated[
        float, Field(ge=0, le=10, description="how much differences between neighbouring pixels weigh")
    ] = 0.0
    seed: Annotated[int, Field(ge=0, lt=1 << 32, description="of the noise it begins with, and of the jitter")] = 0

    @property
    def shift(self) -> int:
        """The jitter; where none was asked for, none for one position, whose pattern it would smear."""
        return self.jitter if self.jitter is not None else _JITTER * (self.objective == "map")
