"""The inputs that filters prefer. Source: arXiv 1312.6034, section 2."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.computing import ACCEPTED
from api.films import Film, check_film
from api.frames import shown_epochs
from api.json_answer import JsonAnswer
from api.maximizing import Asked, Found, MaximizationQuery, open_asked, seek
from api.problem_groups import COMPUTED, LAYER, SHEET
from api.problems import NOT_MODIFIED, problems
from api.schemas import Drawing
from api.services import Services, ServicesDep
from api.sheets import Sheet, npy
from api.units import NoUnits
from cnnservice.models import Snapshot
from cnnservice.specs.errors import FilterOutOfRange
from cnnservice.specs.maximization import Maximization

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["representations"])
_ERRORS = {
    **ACCEPTED,
    **NOT_MODIFIED,
    **problems(*LAYER, *COMPUTED, *SHEET, NoUnits, FilterOutOfRange),
}
Parameters = Annotated[MaximizationQuery, Query()]


class MaximizedFilter(JsonAnswer):
    """What the ascent for one filter came to."""

    filter: int
    start: float | None = Field(description="the objective for the noise it began with; null where it is no number")
    end: float | None = Field(description="the objective for the image")
    moved: bool = Field(description="false where no step had a slope: the image is flat")


class MaximizationSheet(Drawing):
    """The inputs that maximally activate filters.

    The objective is the mean of a filter's map before its activation function, negative numbers counted at a tenth; of
    a dense unit, and with `objective=unit`, the number itself.
    """

    parameters: Maximization
    filters: list[MaximizedFilter]


@router.get(
    "/maximization.png",
    summary="The input that maximally activates a filter, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_ERRORS},
)
async def draw_maximization_png(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """A tile a filter, or one with `filter`. Sought by gradient ascent from noise; in colour for images in colour."""
    return await _still(model_id, layer, query, request, services, "image/png", lambda _, sheet, __: sheet.png(query))


@router.get(
    "/maximization.json",
    summary="The input that maximally activates a filter, in numbers",
    response_model=MaximizationSheet,
    responses=_ERRORS,
)
async def get_maximization(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """How the picture's tiles lie, how the inputs were sought, and what each filter says of its own."""
    return await _still(
        model_id,
        layer,
        query,
        request,
        services,
        "application/json",
        lambda asked, sheet, found: _told(asked, sheet, found, query),
    )


@router.get(
    "/maximization.npy",
    summary="The input that maximally activates a filter, as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_ERRORS},
)
async def get_maximization_npy(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """float32 (n, H, W), or (n, H, W, 3) in colour, in the order drawn, normalised as the training images were."""
    return await _still(
        model_id, layer, query, request, services, "application/octet-stream", lambda _, sheet, __: npy(sheet.slices)
    )


@router.get(
    "/maximization.html",
    summary="The inputs that filters prefer, by epoch, as a page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **_ERRORS},
)
async def animate_maximization_html(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """From the initial weights to the epoch asked for. Every epoch begins with the same noise."""
    return await _moving(
        model_id, layer, query, request, services, "text/html",
        lambda film, snapshot: film.html(query, f"{layer} prefers · {snapshot.spec.dataset}"),
    )  # fmt: skip


@router.get(
    "/maximization.gif",
    summary="The inputs that filters prefer, by epoch, as a GIF",
    response_class=Response,
    responses={200: {"content": {"image/gif": {}}}, **_ERRORS},
)
async def animate_maximization_gif(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """A frame an epoch, 200 ms each, without end."""
    return await _moving(model_id, layer, query, request, services, "image/gif", lambda film, _: film.gif(query))


@router.get(
    "/maximization.webp",
    summary="The inputs that filters prefer, by epoch, as a WebP",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **_ERRORS},
)
async def animate_maximization_webp(
    model_id: str, layer: str, query: Parameters, request: Request, services: ServicesDep
) -> Response:
    """The same as the GIF, without loss and smaller."""
    return await _moving(model_id, layer, query, request, services, "image/webp", lambda film, _: film.webp(query))


async def _still(
    model_id: str,
    layer: str,
    query: MaximizationQuery,
    request: Request,
    services: Services,
    media_type: str,
    show: Callable[[Asked, Sheet, Found], bytes | BaseModel],
) -> Response:
    asked = await run_in_threadpool(open_asked, model_id, layer, query, request, services)
    if isinstance(asked, Response):
        return asked
    found = await seek(services, request, asked, [asked.snapshot], query)
    if isinstance(found, Response):
        return found
    sheet = Sheet(found.images[0], asked.indices, asked.plan)
    return asked.conditional.respond(await run_in_threadpool(show, asked, sheet, found), media_type)


async def _moving(
    model_id: str,
    layer: str,
    query: MaximizationQuery,
    request: Request,
    services: Services,
    media_type: str,
    show: Callable[[Film, Snapshot], bytes],
) -> Response:
    asked = await run_in_threadpool(open_asked, model_id, layer, query, request, services)
    if isinstance(asked, Response):
        return asked
    shown = await run_in_threadpool(shown_epochs, services, asked.snapshot)
    values = len(asked.indices) * math.prod(asked.snapshot.dataset.shape)
    check_film(asked.plan, values, len(shown.rows), services.settings, media_type.rpartition("/")[2])
    snapshots = [asked.snapshot.at(row) for row in shown.rows]
    found = await seek(services, request, asked, snapshots, query)
    if isinstance(found, Response):
        return found
    film = Film(found.images, shown, Sheet(found.images[-1], asked.indices, asked.plan))
    return asked.conditional.respond(await run_in_threadpool(show, film, asked.snapshot), media_type)


def _told(asked: Asked, sheet: Sheet, found: Found, query: MaximizationQuery) -> MaximizationSheet:
    columns = (asked.indices, found.start[0], found.end[0], found.moved[0])
    return MaximizationSheet(
        model_id=asked.snapshot.job.id,
        layer=asked.layer,
        epoch=asked.snapshot.epoch,
        shape=list(sheet.slices.shape),
        **sheet.twin(),
        parameters=query.how,
        filters=[
            MaximizedFilter(filter=index, start=_number(start), end=_number(end), moved=moved)
            for index, start, end, moved in zip(*(column.tolist() for column in columns), strict=True)
        ],
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
