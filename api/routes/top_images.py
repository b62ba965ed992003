"""The test images that most activate each filter of a layer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.computing import ACCEPTED, computed
from api.problems import problems
from api.queries import EpochQuery, WaitQuery
from api.services import ServicesDep
from cnnservice.computations import Question
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.results import Result

router = APIRouter(prefix="/v1/models/{model_id}", tags=["representations"])


class TopImagesQuery(EpochQuery, WaitQuery):
    """How many images of each filter, at which epoch."""

    count: Annotated[int, Field(ge=1, le=100, description="images of each filter")] = 9


class TopImage(BaseModel):
    """An image that activates a filter."""

    image: str
    url: str
    value: float = Field(description="the filter's greatest output for it")
    position: list[int] = Field(description="row and column of that output; empty where the layer has no map")


class FilterImages(BaseModel):
    """Those that activate one filter, the most first."""

    filter: int
    images: list[TopImage]


class TopImages(BaseModel):
    """For each filter the test images that most activate it."""

    model_id: str
    epoch: int
    layer: str
    filters: list[FilterImages]


@router.get(
    "/layers/{layer}/top_images.json",
    summary="The test images that most activate each filter",
    response_model=TopImages,
    responses={**ACCEPTED, **problems(304, 404, 422, 500, 503)},
)
async def get_top_images(
    model_id: str, layer: str, query: Annotated[TopImagesQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Of the model's own test split, for each filter the images with its greatest output, and where in them it is."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    snapshot.layer(layer)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    question = Question("top_images", [snapshot], {"epoch": snapshot.epoch, "layer": layer, "count": query.count})
    result = await computed(services, request, question, query, epoch=snapshot.epoch)
    if isinstance(result, Response):
        return result
    return conditional.respond(_told(snapshot, layer, result), "application/json")


def _told(snapshot: Snapshot, layer: str, result: Result) -> TopImages:
    name = snapshot.dataset.name
    columns = (result.arrays[column].tolist() for column in ("indices", "values", "positions"))
    return TopImages(
        model_id=snapshot.job.id,
        epoch=snapshot.epoch,
        layer=layer,
        filters=[
            FilterImages(
                filter=number,
                images=[
                    TopImage(
                        image=f"{name}:test:{index}",
                        url=f"/v1/datasets/{name}/test/{index}.png",
                        value=value,
                        position=position,
                    )
                    for index, value, position in zip(*row, strict=True)
                ],
            )
            for number, row in enumerate(zip(*columns, strict=True))
        ],
    )
