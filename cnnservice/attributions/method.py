"""What every method is: its parameters, typed, and how it attributes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary
from cnnservice.specs.base import Spec


@dataclass(frozen=True)
class Attribution:
    """What each pixel of an image (H, W, C) has to do with a score: values (H, W, C), or (H, W, 1) without colour.

    details are what else a method finds: numbers and arrays by name. cam is the map (h, w) of a method that sees no
    single pixels, before it was laid over the image.
    """

    values: Array
    details: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    cam: Array | None = None


class Method(Spec, ABC):
    """A method's parameters are its fields; an image's attribution is a function of them, the weights and the image."""

    name: ClassVar[str]
    title: ClassVar[str]
    # The publication that defines it.
    source: ClassVar[str]
    # When its maps may be believed, and when not.
    trust: ClassVar[str]
    # Whether the sign of a value says for or against; where it does not, what counts is how far from 0 it is.
    signed: ClassVar[bool]

    @abstractmethod
    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        """What the pixels of one image (H, W, C) have to do with the score of the class `target`."""

    def check(self, summary: Summary) -> None:
        """Raises UnusableLayer, FilterOutOfRange where its parameters do not fit the network."""

    def passes(self, summary: Summary) -> int:  # noqa: ARG002
        """How many images it sends through the network, there or there and back, about."""
        return 1


def total(values: NDArray[Any]) -> NDArray[np.float64]:
    """The sum of all values, as a detail."""
    return np.asarray(np.sum(values, dtype=np.float64))
