"""A layer's filters moving over the epochs, from the first to the one asked for."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from api.films import Film, check_film
from api.frames import shown_epochs
from api.kernels import KERNEL, KernelView, open_kernel
from api.problems import NOT_MODIFIED, problems
from api.queries import FilterQuery
from api.services import Services, ServicesDep
from cnnservice.models import stored_file

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["filters"])
Filters = Annotated[FilterQuery, Query()]
_RESPONSES = {**NOT_MODIFIED, **problems(*KERNEL)}


@router.get(
    "/animation.html",
    summary="Filters by epoch, as a page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **_RESPONSES},
)
def animate_filters_html(
    model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep
) -> Response:
    """One self-contained page with play, pause, step, speed and a slider, from epoch 0 to the one asked for.

    Of more epochs than CNNSERVICE_MAX_ANIMATION_FRAMES, as many are shown, evenly spread, and the page says so.
    """
    view, conditional = open_kernel(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    page = _film(view, services, "html").html(query, f"{layer} · {view.snapshot.spec.dataset}")
    return conditional.respond(page, "text/html")


@router.get(
    "/animation.gif",
    summary="Filters by epoch, as a GIF",
    response_class=Response,
    responses={200: {"content": {"image/gif": {}}}, **_RESPONSES},
)
def animate_filters_gif(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """A frame an epoch, 200 ms each, without end."""
    view, conditional = open_kernel(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return conditional.respond(_film(view, services, "gif").gif(query), "image/gif")


@router.get(
    "/animation.webp",
    summary="Filters by epoch, as a WebP",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **_RESPONSES},
)
def animate_filters_webp(
    model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep
) -> Response:
    """The same as the GIF, without loss and smaller."""
    view, conditional = open_kernel(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return conditional.respond(_film(view, services, "webp").webp(query), "image/webp")


def _film(view: KernelView, services: Services, encoding: str) -> Film:
    sheet, _ = view.sheet(services)
    shown = shown_epochs(services, view.snapshot)
    check_film(sheet.plan, sheet.slices.size, len(shown.rows), services.settings, encoding)
    frames = services.checkpoints.each(
        lambda row: view.slices(view.kernel(services, stored_file(row)))[sheet.indices], shown.rows
    )
    return Film(np.stack(frames), shown, sheet)
