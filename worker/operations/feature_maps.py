"""One layer's output for images."""

from __future__ import annotations

from worker.operations.computation import Arrays, Computation


def feature_maps(computation: Computation) -> Arrays:
    """feature_maps (n, …) of the layer named by the argument `layer`. Raises UnknownLayer."""
    layer = str(computation.arguments["layer"])
    computation.snapshot.layer(layer)
    return {"feature_maps": computation.model.run(computation.images).feature_maps[layer]}
