"""The inputs that maximally activate filters of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnservice.results import Result
from cnnservice.specs.maximization import Maximization
from worker.computations.work import Work

if TYPE_CHECKING:
    from cnnservice.nn.maximization import Maximizer


def maximization(work: Work) -> Result:
    """For the filters at the argument `filters` of the layer `layer`, at each of `epochs`, sought `how`.

    images (epochs, filters, H, W, C) float32, normalised as in training; start and end (epochs, filters) float32, what
    the ascent began with and came to; moved (epochs, filters) bool. Every epoch begins with the same noise.
    """
    from cnnservice.nn.maximization import Maximizer

    epochs, filters = list(work.arguments["epochs"]), list(work.arguments["filters"])
    how = Maximization.model_validate(work.arguments["how"])
    maximizer: Maximizer | None = None
    found = []
    for number, epoch in enumerate(epochs):
        snapshot = work.snapshot(epoch)
        model = work.model(snapshot)
        # The network is the same at every epoch, and is compiled once.
        maximizer = maximizer or Maximizer(model, str(work.arguments["layer"]), snapshot.normalizer.bounds())

        def told(step: int, of: int, number: int = number, epoch: int = epoch) -> None:
            work.report((number + step / of) / len(epochs), f"step {step} of {of}, epoch {epoch}")

        found.append(maximizer.run(filters, how, told))
    names = ("images", "start", "end", "moved")
    return Result({name: np.stack([getattr(epoch, name) for epoch in found]) for name in names})
