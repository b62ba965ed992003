"""The test images that most activate each filter of a layer. Source: arXiv 1311.2901, figure 2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.computing import ACCEPTED, computed
from api.drawn import draw_images
from api.json_answer import JsonAnswer
from api.problem_groups import COMPUTED, LAYER, SPLIT
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery, WaitQuery
from api.services import Services, ServicesDep
from api.sheets import check_picture
from api.units import NoUnits, units
from cnnservice.analysis.receptive_field import Box, ReceptiveFields
from cnnservice.computations import Question
from cnnservice.drawing.grid import layout
from cnnservice.drawing.patches import Edges, cut_patches, fade_around
from cnnservice.drawing.slices import SliceOutOfRange, choose
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.results import Result
from cnnservice.specs.errors import FilterOutOfRange

router = APIRouter(prefix="/v1/models/{model_id}", tags=["representations"])
_RESPONSES = {
    **ACCEPTED,
    **NOT_MODIFIED,
    **problems(*LAYER, *SPLIT, *COMPUTED, NoUnits, FilterOutOfRange, SliceOutOfRange),
}


class TopImagesQuery(EpochQuery, WaitQuery):
    """How many images of which filters, at which epoch, and how they are drawn.

    `count` is of images here; which filters there are say `filter`, or `start` and `filters`.
    """

    count: Annotated[int, Field(ge=1, le=100, description="images of each filter")] = 9
    filter: Annotated[int | None, Field(ge=0, le=1 << 20, description="one filter; all when not given")] = None
    start: Annotated[int, Field(ge=0, description="first filter")] = 0
    filters: Annotated[int | None, Field(ge=1, description="how many filters; all from start when not given")] = None
    view: Annotated[
        Literal["patches", "images"],
        Field(description="patches: what the filter sees where it is greatest; images: all, the rest of it faded"),
    ] = "patches"
    scale: Annotated[
        int | None, Field(ge=1, le=256, description="pixels a pixel; a tile of about 80 when not given")
    ] = None
    gap: Annotated[int | None, Field(ge=0, le=256, description="pixels between tiles")] = None
    labels: Annotated[bool, Field(description="write the class of each image below it")] = False

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> TopImagesQuery:
        if self.filter is not None and (self.start or self.filters is not None):
            raise ValueError("filter is one filter; it cannot be combined with start or filters")
        return self


TopImagesParameters = Annotated[TopImagesQuery, Query()]


class TopImage(JsonAnswer):
    """An image that activates a filter."""

    image: str
    url: str
    label: int
    class_name: str
    value: float | None = Field(description="the filter's greatest output for it; null where it is no number")
    position: list[int] = Field(description="row and column of that output; empty where the layer has no map")
    box: list[int] = Field(description="the pixels that output depends on: top, left, and, exclusive, bottom, right")


class FilterImages(JsonAnswer):
    """Those that activate one filter, the most first."""

    filter: int
    images: list[TopImage]


class TopImages(JsonAnswer):
    """For each filter the test images that most activate it."""

    model_id: str
    epoch: int
    layer: str
    filters: list[FilterImages]


@router.get(
    "/layers/{layer}/top_images.png",
    summary="The test images that most activate each filter, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_top_images_png(
    model_id: str, layer: str, query: TopImagesParameters, request: Request, services: ServicesDep
) -> Response:
    """A row a filter, its strongest image on the left; of one filter about a square. Grey is outside the image."""
    found = await _find(model_id, layer, query, request, services)
    if isinstance(found, Response):
        return found
    return found.conditional.respond(await run_in_threadpool(_picture, found, query, services), "image/png")


@router.get(
    "/layers/{layer}/top_images.json",
    summary="The test images that most activate each filter",
    response_model=TopImages,
    responses=_RESPONSES,
)
async def get_top_images(
    model_id: str, layer: str, query: TopImagesParameters, request: Request, services: ServicesDep
) -> Response:
    """Of the model's own test split, for each filter the images with its greatest output, and where in them it is."""
    found = await _find(model_id, layer, query, request, services)
    if isinstance(found, Response):
        return found
    return found.conditional.respond(await run_in_threadpool(_told, found, services), "application/json")


@dataclass(frozen=True)
class _Found:
    """What activates the filters of chosen (n,): result has all filters of the layer."""

    snapshot: Snapshot
    layer: str
    chosen: NDArray[np.int64]
    result: Result
    conditional: Conditional

    def array(self, name: str) -> NDArray[np.generic]:
        """The rows of the chosen filters of one of the result's arrays."""
        return self.result.arrays[name][self.chosen]


async def _find(
    model_id: str, layer: str, query: TopImagesQuery, request: Request, services: Services
) -> _Found | Response:
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    chosen = _choose(query, layer, units(snapshot, layer, query.filter))
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    # Of all filters, whichever are asked for: the next one is there at once.
    question = Question("top_images", [snapshot], {"epoch": snapshot.epoch, "layer": layer, "count": query.count})
    result = await computed(services, request, question, query, epoch=snapshot.epoch)
    return result if isinstance(result, Response) else _Found(snapshot, layer, chosen, result, conditional)


def _choose(query: TopImagesQuery, layer: str, filters: int) -> NDArray[np.int64]:
    if query.filter is not None:
        return np.array([query.filter])
    left = choose(filters, start=query.start)
    if query.filters is not None and query.filters > len(left):
        raise FilterOutOfRange("filters", query.filters, layer=layer, allowed=range(1, len(left) + 1))
    return left[: query.filters]


def _told(found: _Found, services: Services) -> TopImages:
    dataset, fields = found.snapshot.dataset, _fields(found.snapshot)
    split = services.catalogue.open(dataset, test_samples=found.snapshot.spec.test_samples)
    labels = split.labels("test")
    columns = (found.array(name).tolist() for name in ("indices", "values", "positions"))
    return TopImages(
        model_id=found.snapshot.job.id,
        epoch=found.snapshot.epoch,
        layer=found.layer,
        filters=[
            FilterImages(
                filter=number,
                images=[
                    TopImage(
                        image=f"{dataset.name}:test:{index}",
                        url=f"/v1/datasets/{dataset.name}/test/{index}.png",
                        label=int(labels[index]),
                        class_name=dataset.classes[labels[index]],
                        value=value if math.isfinite(value) else None,
                        position=position,
                        box=list(_edges(fields.box(found.layer, position))),
                    )
                    for index, value, position in zip(*row, strict=True)
                ],
            )
            for number, row in zip(found.chosen.tolist(), zip(*columns, strict=True), strict=True)
        ],
    )


def _picture(found: _Found, query: TopImagesQuery, services: Services) -> bytes:
    dataset, fields = found.snapshot.dataset, _fields(found.snapshot)
    indices = found.array("indices")
    (_, each), flat = indices.shape, indices.ravel()
    positions = found.array("positions").reshape(flat.size, -1).tolist()
    see = fields.window if query.view == "patches" else fields.box
    seen = [_edges(see(found.layer, position)) for position in positions]
    height, width = dataset.shape[:2]
    if query.view == "patches":
        height = min(height, max(bottom - top for top, _, bottom, _ in seen))
        width = min(width, max(right - left for _, left, _, right in seen))
    cols = None if query.filter is not None else each
    plan = layout(flat.size, height, width, cols=cols, scale=query.scale, gap=query.gap, labels=query.labels)
    check_picture(plan, flat.size, services.settings)
    split = services.catalogue.open(dataset, test_samples=found.snapshot.spec.test_samples)
    images = split.images("test")[flat]
    drawn = cut_patches(images, seen) if query.view == "patches" else fade_around(images, seen)
    labels = [dataset.classes[label] for label in split.labels("test")[flat]] if query.labels else None
    return draw_images(drawn, plan, labels=labels)


def _fields(snapshot: Snapshot) -> ReceptiveFields:
    return ReceptiveFields(snapshot.architecture, snapshot.dataset.shape)


def _edges(box: Box) -> Edges:
    return box.top, box.left, box.bottom, box.right
