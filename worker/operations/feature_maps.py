"""One layer's output for images."""

from __future__ import annotations

from cnnservice.models import UnknownLayer
from worker.operations.computation import Arrays, Computation


def feature_maps(computation: Computation) -> Arrays:
    """feature_maps (n, …) of the layer named by the argument `layer`. Raises UnknownLayer."""
    layer = str(computation.arguments["layer"])
    model = computation.model
    if layer not in model.names:
        raise UnknownLayer(layer, model.names)
    return {"feature_maps": model.run_to(layer, computation.images)}
