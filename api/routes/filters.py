"""A layer's filters: drawn, and in numbers. Read from the store alone; no worker is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.kernels import KERNEL, open_kernel
from api.problems import NOT_MODIFIED, problems
from api.queries import FilterQuery
from api.schemas import FilterSheet
from api.services import ServicesDep
from api.sheets import npy

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["filters"])
Filters = Annotated[FilterQuery, Query()]
_RESPONSES = {**NOT_MODIFIED, **problems(*KERNEL)}
# What `channel` is where none is asked for.
_CHANNELS: dict[str, int | str | None] = {
    "dense": None,
    "depthwise_conv2d": "all",
    "separable_conv2d": "all",
}


@router.get(
    "/filters.png",
    summary="Filters, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
def draw_filters_png(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """A tile a filter, at one input channel or all; of a dense layer a tile a unit. With `minus`, what has changed."""
    view, conditional = open_kernel(model_id, layer, query, request, services)
    return conditional.not_modified() or conditional.respond(view.sheet(services)[0].png(query), "image/png")


@router.get("/filters.json", summary="Filters in numbers", response_model=FilterSheet, responses=_RESPONSES)
def get_filters(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """How the picture's tiles lie, and each slice's range."""
    view, conditional = open_kernel(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    sheet, shape = view.sheet(services)
    twin = FilterSheet(
        model_id=model_id,
        layer=layer,
        epoch=view.snapshot.epoch,
        shape=list(shape),
        weight=view.weight,
        channel=_CHANNELS.get(view.kind, 0) if query.channel is None else query.channel,
        minus=query.minus,
        **sheet.twin(),
    )
    return conditional.respond(twin, "application/json")


@router.get(
    "/filters.npy",
    summary="Filters as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_RESPONSES},
)
def get_filters_npy(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """The slices drawn, float32 (n, H, W), in the order drawn; (n, H, W, 3) where they are in colour."""
    view, conditional = open_kernel(model_id, layer, query, request, services)
    return conditional.not_modified() or conditional.respond(
        npy(view.sheet(services)[0].slices), "application/octet-stream"
    )
