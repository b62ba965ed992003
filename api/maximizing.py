"""Inputs that filters prefer: which are asked for, and how they are had from a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import Request, Response
from numpy.typing import NDArray
from pydantic import Field, model_validator

from api.caching import Conditional
from api.computing import computed
from api.queries import EpochQuery, WaitQuery
from api.services import Services
from api.sheets import choose_indices, plan_picture
from api.units import units
from cnnservice.computations import Question
from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.grid import Layout
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.results import Result
from cnnservice.settings import Settings
from cnnservice.specs.drawing import SheetDrawing
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.maximization import GROUP, Maximization


class MaximizationQuery(SheetDrawing, Maximization, EpochQuery, WaitQuery):
    """Of which filters, how it is sought, and how it is drawn."""

    filter: Annotated[int | None, Field(ge=0, le=1 << 20, description="one filter; a grid when not given")] = None
    seed: Annotated[
        int, Field(ge=0, lt=1 << 32, description="of the noise it begins with, of the jitter, and of `sample`")
    ] = 0

    @model_validator(mode="after")
    def _one_filter_or_several(self) -> MaximizationQuery:
        if self.filter is not None and (self.start or self.count is not None or self.sample is not None):
            raise ValueError("filter is one filter; it cannot be combined with start, count or sample")
        return self

    @property
    def how(self) -> Maximization:
        """How it is sought, the jitter as it is applied."""
        said = self.model_dump(include=set(Maximization.model_fields))
        return Maximization.model_validate({**said, "jitter": self.shift})


@dataclass(frozen=True)
class Asked:
    """Filters by index (n,), of the so many that a layer of a model has, and where their tiles lie."""

    snapshot: Snapshot
    layer: str
    indices: NDArray[np.int64]
    filters: int
    plan: Layout
    conditional: Conditional

    @property
    def sought(self) -> list[int]:
        """Those asked for, and all that are computed with them: so the next of a group is there at once."""
        groups = sorted({index // GROUP for index in self.indices.tolist()})
        return [index for group in groups for index in range(group * GROUP, min((group + 1) * GROUP, self.filters))]


@dataclass(frozen=True)
class Found:
    """What was found of the filters asked for, in their order, at each of the epochs, E.

    images are (E, n, H, W), or (E, n, H, W, 3) in colour; the others (E, n), as the worker's operation tells them.
    """

    images: NDArray[np.float32]
    start: NDArray[np.float32]
    end: NDArray[np.float32]
    moved: NDArray[np.bool_]


def open_asked(
    model_id: str, layer: str, query: MaximizationQuery, request: Request, services: Services
) -> Asked | Response:
    """What a request is about; 304 where the client has the answer.

    Raises UnknownJob, UnknownEpoch, UnknownLayer, NoUnits, FilterOutOfRange, SliceOutOfRange, LimitExceeded,
    UnknownColormap.
    """
    colormap(query.cmap)
    settings = services.settings
    if query.steps > settings.max_maximization_steps:
        raise LimitExceeded(
            "?steps", "steps", query.steps, settings.max_maximization_steps, "CNNSERVICE_MAX_MAXIMIZATION_STEPS"
        )
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    filters = units(snapshot, layer, query.filter)
    indices = choose_indices(filters, query) if query.filter is None else np.array([query.filter])
    plan = plan_picture(len(indices), *snapshot.dataset.shape[:2], query, settings)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    return conditional.not_modified() or Asked(snapshot, layer, indices, filters, plan, conditional)


async def seek(
    services: Services, request: Request, asked: Asked, snapshots: Sequence[Snapshot], query: MaximizationQuery
) -> Found | Response:
    """The inputs at each of the snapshots; 202 when they are not there soon. Raises LimitExceeded, EpochNotKept."""
    _check(len(asked.sought) * len(snapshots), services.settings)
    arguments = {
        "epochs": [snapshot.epoch for snapshot in snapshots],
        "layer": asked.layer,
        "filters": asked.sought,
        "how": query.how.model_dump(mode="json"),
    }
    question = Question("maximization", snapshots, arguments)
    result = await computed(services, request, question, query, epoch=asked.snapshot.epoch)
    return result if isinstance(result, Response) else _of_chosen(asked, result)


def _check(inputs: int, settings: Settings) -> None:
    if inputs > settings.max_maximized_inputs:
        raise LimitExceeded(
            "?count",
            f"the number of inputs to be sought, {GROUP} filters at once and all epochs together,",
            inputs,
            settings.max_maximized_inputs,
            "CNNSERVICE_MAX_MAXIMIZED_INPUTS",
        )


def _of_chosen(asked: Asked, result: Result) -> Found:
    places = np.searchsorted(asked.sought, asked.indices)
    images, start, end, moved = (result.arrays[name][:, places] for name in ("images", "start", "end", "moved"))
    return Found(images[..., 0] if images.shape[-1] == 1 else images, start, end, moved)
