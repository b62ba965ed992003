"""Successive halving: which trials are worth going on with, and for how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cnnservice.specs.base import Spec


class Halving(Spec):
    """All trials begin with few epochs; of each rung the best part goes on, for a few times as many.

    Source: arXiv 1502.07943, algorithm 1, with a factor instead of 2. A rung waits for all its trials: what comes of a
    sweep then does not depend on which worker was faster, as it would where trials go on by themselves
    (arXiv 1810.05934).
    """

    factor: Annotated[
        int, Field(ge=2, le=10, description="of so many trials one goes on, for as many times longer")
    ] = 3
    min_epochs: Annotated[int, Field(ge=1, description="epochs of the first rung")] = 1

    def budgets(self, epochs: int) -> list[int]:
        """After how many epochs each rung ends: min_epochs * factor^k, as long as the last has as much more."""
        budgets, budget = list[int](), self.min_epochs
        while budget * self.factor <= epochs:
            budgets.append(budget)
            budget *= self.factor
        return [*budgets, epochs]

    def survivors(self, trials: int) -> int:
        """How many of a rung's trials go on, those that failed counted among them."""
        return max(1, trials // self.factor)
