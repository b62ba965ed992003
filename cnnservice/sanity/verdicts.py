"""What similarities say of a method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["follows_the_weights", "partly", "hardly"]

# Of the rank correlation, with signs, of a map and the map of the same network with random upper layers.
FOLLOWS_BELOW, HARDLY_FROM = 0.4, 0.7


@dataclass(frozen=True)
class Step:
    """A layer whose weights have been made random, and the similarities to the maps before."""

    layer: str
    similarities: Mapping[str, float]


def judge(steps: Sequence[Step]) -> tuple[Verdict, str]:
    """A verdict, and the reason in words, from the steps from the highest layer down, at least one.

    What counts is the mean over all steps but that of the lowest layer, with which the network's edges go: the paper's
    finding is that some methods hardly depend on what is above it.
    """
    upper = steps[:-1] or steps
    rank, absolute = (sum(step.similarities[name] for step in upper) / len(upper) for name in ("rank", "rank_absolute"))
    layers = ", ".join(step.layer for step in upper)
    measured = f"With random weights in {layers}, its maps have a rank correlation of {rank:.2f} with those before"
    if rank >= HARDLY_FROM:
        return "hardly", f"{measured}: it shows the image more than what the network has learned."
    if rank >= FOLLOWS_BELOW:
        return "partly", f"{measured}: part of what it shows is the image, whatever was learned."
    if absolute >= HARDLY_FROM:
        reason = (
            f"{measured}; without signs {absolute:.2f}: where its values are large is the image's doing, believe signs"
        )
        return "follows_the_weights", f"{reason} alone."
    return "follows_the_weights", f"{measured}."
