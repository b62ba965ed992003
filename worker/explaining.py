"""A warm model with what methods of attribution need to know of its data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnservice.models import Snapshot

if TYPE_CHECKING:
    from cnnservice.nn.explained import ExplainedNetwork
    from cnnservice.nn.inference import WarmModel


def explained(model: WarmModel, snapshot: Snapshot) -> ExplainedNetwork:
    """The model as attributions see it."""
    from cnnservice.nn.explained import ExplainedNetwork

    dataset = snapshot.dataset
    background = np.full(dataset.shape[-1:], dataset.background, np.uint8)
    return ExplainedNetwork(model, snapshot.normalizer.apply(background))
