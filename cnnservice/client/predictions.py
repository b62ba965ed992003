"""What a network says of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TopClass:
    """A class and how probable it is."""

    index: int
    name: str
    probability: float


@dataclass(frozen=True, repr=False)
class Prediction:
    """probabilities (classes,) float64; logits where the last layer has any; label is the true class, where known.

    top are the five most probable classes, the most probable first.
    """

    epoch: int
    label: int | None
    probabilities: NDArray[np.float64]
    logits: NDArray[np.float64] | None
    top: tuple[TopClass, ...]

    def __repr__(self) -> str:
        said = ", ".join(f"{each.name} {each.probability:.1%}" for each in self.top)
        return f"<Prediction {said}>"


def prediction_of(document: Mapping[str, Any]) -> Prediction:
    """The prediction that the service tells."""
    logits = document["logits"]
    return Prediction(
        document["epoch"],
        document["label"],
        np.array(document["probabilities"]),
        None if logits is None else np.array(logits),
        tuple(TopClass(each["class"], each["name"], each["probability"]) for each in document["top"]),
    )
