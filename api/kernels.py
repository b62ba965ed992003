"""Which kernel a request is about, and its slices at an epoch: that tensor alone is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import Request
from numpy.typing import NDArray

from api.caching import Conditional
from api.problem_groups import LAYER, SHEET, WEIGHTS
from api.queries import FilterQuery
from api.services import Services
from api.sheets import Sheet, choose_slices
from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.slices import (
    ChannelOutOfRange,
    UnknownWeight,
    drawable_weights,
    kernel_planes,
    kernel_slices,
    weight_name,
)
from cnnservice.errors import InvalidError
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.weights import StoredFile


class NoKernel(InvalidError):
    """The layer has nothing to draw as filters."""

    code = "no-kernel"
    title = "Layer without filters"

    def __init__(self, layer: str, kind: str, drawable: list[str]) -> None:
        super().__init__(
            f"Layer {layer!r} is a {kind}, which has no filters to draw; layers that have: {', '.join(drawable)}."
        )


# What can be wrong with a request for one.
KERNEL = (*LAYER, *WEIGHTS, *SHEET, NoKernel, UnknownWeight, ChannelOutOfRange)


@dataclass(frozen=True)
class KernelView:
    """One kernel of one layer, looked at as a query says. subtracted is the file of the epoch that `minus` names."""

    snapshot: Snapshot
    layer: str
    kind: str
    weight: str
    query: FilterQuery
    image_shape: tuple[int, ...] | None
    subtracted: StoredFile | None

    def kernel(self, services: Services, file: StoredFile) -> NDArray[Any]:
        """The kernel in a checkpoint, less that of the epoch subtracted. Raises DamagedFile."""
        kernel = self._read(services, file)
        return kernel if self.subtracted is None else kernel - self._read(services, self.subtracted)

    def slices(self, kernel: NDArray[Any]) -> NDArray[np.float32]:
        """(n, H, W), or (n, H, W, 3) in colour. Raises ChannelOutOfRange."""
        return kernel_slices(
            kernel, channel=self.query.channel, kind=self.kind, weight=self.weight, image_shape=self.image_shape
        )

    def sheet(self, services: Services) -> tuple[Sheet, tuple[int, ...]]:
        """The slices that are drawn, and the kernel's shape. Raises SliceOutOfRange, LimitExceeded."""
        kernel = self.kernel(services, self.snapshot.file)
        sheet = choose_slices(self.slices(kernel), self.query, services.settings, planes=kernel_planes(kernel))
        return sheet, kernel.shape

    def _read(self, services: Services, file: StoredFile) -> NDArray[Any]:
        return services.checkpoints.read_layer(file, self.layer)[self.weight]


def open_kernel(
    model_id: str, layer: str, query: FilterQuery, request: Request, services: Services
) -> tuple[KernelView, Conditional]:
    """What a request looks at, and under which tag.

    Raises UnknownJob, UnknownEpoch, UnknownLayer, NoKernel, UnknownWeight, UnknownColormap.
    """
    colormap(query.cmap)
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    kind = snapshot.layer(layer).type
    summary = snapshot.summary()
    if not drawable_weights(kind):
        raise NoKernel(layer, kind, [other.name for other in summary.layers if drawable_weights(other.type)])
    earlier = None if query.minus is None else open_snapshot(services.database, model_id, query.minus)
    view = KernelView(
        snapshot,
        layer,
        kind,
        weight_name(kind, query.weight),
        query,
        summary.image_read_by(layer),
        None if earlier is None else earlier.file,
    )
    identity = snapshot.identity if earlier is None else f"{snapshot.identity} - {earlier.identity}"
    return view, Conditional(request, query.epoch, identity, query)
