"""What every operation is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.inspection import InspectRequest
from cnnservice.models import Snapshot, open_snapshot
from worker.app import Resources

if TYPE_CHECKING:
    from cnnservice.nn.inference import WarmModel

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Computation:
    """One request: the model, warm, with the weights of its epoch."""

    parts: Resources
    request: InspectRequest
    model: WarmModel

    @property
    def images(self) -> NDArray[np.float32]:
        """(n, H, W, C) float32, normalised, of a request that brought them."""
        assert self.request.images is not None, "an operation on images is asked for with images"
        return self.request.images

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The operation's own."""
        return self.request.arguments

    @cached_property
    def snapshot(self) -> Snapshot:
        """The model's record, for what is not in the request. Raises UnknownJob."""
        return open_snapshot(self.parts.database, self.request.model_id, self.request.epoch)
