"""What every operation is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.models import Snapshot
from worker.app import Resources

if TYPE_CHECKING:
    from cnnservice.nn.inference import WarmModel

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Computation:
    """One request: the model, warm, with the weights of its epoch.

    images are (n, H, W, C) float32, normalised; empty where the request brought none.
    """

    parts: Resources
    snapshot: Snapshot
    model: WarmModel
    images: NDArray[np.float32]
    arguments: Mapping[str, Any]
