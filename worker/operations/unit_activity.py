"""Which filters of a network ever say anything on its test split."""

from __future__ import annotations

import numpy as np

from cnnservice.analysis.filters import has_filters, outputs_of_filters
from worker.operations.computation import Arrays, Computation
from worker.samples import test_split


def unit_activity(computation: Computation) -> Arrays:
    """For each layer that has filters the greatest |output| (filters,) over all test images and positions.

    Of a filter's outputs after the layer itself, and after the layers that outputs_of_filters names, that of the
    layer where it is least: 0 says that the filter is dead.
    """
    from cnnservice.nn.activity import greatest_activity

    images, _ = test_split(computation.parts, computation.snapshot)
    summary = computation.snapshot.summary()
    outputs = {
        layer.name: outputs_of_filters(summary, layer.name) for layer in summary.layers if has_filters(layer.type)
    }
    greatest = greatest_activity(computation.model, images, {name for names in outputs.values() for name in names})
    # fmin: what is 0 at one layer is dead, though a diverged normalisation has made it no number at the next.
    return {layer: np.fmin.reduce([greatest[name] for name in names]) for layer, names in outputs.items()}
