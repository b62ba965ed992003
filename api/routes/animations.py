"""A layer's filters moving over the epochs, from the first to the one asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from api.frames import caption, shown_epochs
from api.kernels import KernelView, open_kernel
from api.problems import problems
from api.queries import FilterQuery
from api.services import Services, ServicesDep
from api.sheets import Sheet
from cnnservice.database.tables import Epoch
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.film import animation_gif, animation_webp
from cnnservice.models import stored_file
from cnnservice.specs.errors import LimitExceeded

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["filters"])
Filters = Annotated[FilterQuery, Query()]
_RESPONSES = problems(304, 404, 422, 500, 503)


@router.get(
    "/animation.html",
    summary="Filters by epoch, as a page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **_RESPONSES},
)
def animate_filters(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """One self-contained page with play, pause, step, speed and a slider, from epoch 0 to the one asked for.

    Of more epochs than CNNSERVICE_MAX_ANIMATION_FRAMES, as many are shown, evenly spread, and the page says so.
    """
    view, conditional = open_kernel(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    film = _film(view, services)
    page = animation_html(
        film.frames,
        title=f"{layer} · {view.snapshot.spec.dataset}",
        indices=film.sheet.indices.tolist(),
        note=film.note,
        **film.arguments(query),
    )
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
    film = _film(view, services, within_pixels=True)
    return conditional.respond(animation_gif(film.frames, **film.arguments(query)), "image/gif")


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
    film = _film(view, services, within_pixels=True)
    return conditional.respond(animation_webp(film.frames, **film.arguments(query)), "image/webp")


@dataclass(frozen=True)
class _Film:
    """Frames (E, n, H, W), or (E, n, H, W, 3) in colour, of the epochs in rows."""

    frames: NDArray[np.float32]
    rows: list[Epoch]
    sheet: Sheet
    note: str

    def arguments(self, query: FilterQuery) -> dict[str, Any]:
        """What every kind of animation is given."""
        return {
            "epochs": [row.epoch for row in self.rows],
            "captions": [caption(row) for row in self.rows],
            "layout": self.sheet.plan,
            "cmap": query.cmap,
            "normalize": self.sheet.normalize(query),
        }


def _film(view: KernelView, services: Services, *, within_pixels: bool = False) -> _Film:
    sheet, _ = view.sheet(services)
    settings = services.settings
    shown = shown_epochs(services, view.snapshot)
    rows = shown.rows
    _check("weights", sheet.slices.size * len(rows), settings.max_animation_values, "MAX_ANIMATION_VALUES")
    if within_pixels:
        pixels = sheet.plan.width * sheet.plan.height * len(rows)
        _check("pixels", pixels, settings.max_animation_pixels, "MAX_ANIMATION_PIXELS")
    frames = services.checkpoints.each(
        lambda row: view.slices(view.kernel(services, stored_file(row)))[sheet.indices], rows
    )
    return _Film(np.stack(frames), rows, sheet, shown.note)


def _check(what: str, value: int, limit: int, setting: str) -> None:
    if value > limit:
        raise LimitExceeded(
            "?count", f"the animation's {what}, all epochs together,", value, limit, f"CNNSERVICE_{setting}"
        )
