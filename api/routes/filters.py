"""A layer's filters: drawn, in numbers, and moving over the epochs. Read from the store alone; no worker is asked."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from api.caching import Conditional
from api.problems import problems
from api.queries import FilterQuery
from api.schemas import FilterSheet
from api.services import Services, ServicesDep
from api.sheets import Sheet, choose_slices, npy
from cnnservice import jobs
from cnnservice.database.tables import Epoch
from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.slices import kernel_slices
from cnnservice.errors import InvalidError
from cnnservice.models import Snapshot, layer_weights, open_snapshot, stored_file
from cnnservice.specs.errors import LimitExceeded
from cnnservice.weights import layer_tensors, variable_name

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["filters"])
Filters = Annotated[FilterQuery, Query()]
_RESPONSES = problems(304, 404, 422, 500, 503)


class NoKernel(InvalidError):
    """The layer has nothing to draw as filters."""

    code = "no-kernel"
    title = "Layer without filters"

    def __init__(self, layer: str, kind: str, drawable: list[str]) -> None:
        super().__init__(
            f"Layer {layer!r} is a {kind}, which has no filters to draw; layers that have: {', '.join(drawable)}."
        )


@router.get(
    "/filters.png",
    summary="Filters, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
def draw_filters(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """A tile a filter, at one input channel or all."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    return conditional.not_modified() or conditional.respond(
        _sheet(snapshot, layer, query, services)[0].png(query), "image/png"
    )


@router.get("/filters.json", summary="Filters in numbers", response_model=FilterSheet, responses=_RESPONSES)
def get_filters(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """How the picture's tiles lie, and each slice's range."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    sheet, shape = _sheet(snapshot, layer, query, services)
    twin = FilterSheet(
        model_id=model_id,
        layer=layer,
        epoch=snapshot.epoch,
        shape=list(shape),
        channel=query.channel,
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
    """The slices drawn, float32 (n, H, W), in the order drawn."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    return conditional.not_modified() or conditional.respond(
        npy(_sheet(snapshot, layer, query, services)[0].slices), "application/octet-stream"
    )


@router.get(
    "/animation.html",
    summary="Filters by epoch, as a page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **_RESPONSES},
)
def animate_filters(model_id: str, layer: str, query: Filters, request: Request, services: ServicesDep) -> Response:
    """One self-contained page with play, pause, step, speed and a slider, from epoch 0 to the one asked for."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    sheet, _ = _sheet(snapshot, layer, query, services)
    values = sheet.slices.size * (snapshot.epoch + 1)
    if values > services.settings.max_animation_values:
        limit = services.settings.max_animation_values
        raise LimitExceeded("?count", "the animation's weights", values, limit, "CNNSERVICE_MAX_ANIMATION_VALUES")
    epochs = jobs.list_epochs(services.database, model_id, up_to=snapshot.epoch)
    frames = [kernel_slices(_kernel_at(services, row, layer), channel=query.channel)[sheet.indices] for row in epochs]
    page = animation_html(
        np.stack(frames),
        epochs=[row.epoch for row in epochs],
        captions=[_caption(row) for row in epochs],
        title=f"{layer} · {snapshot.spec.dataset}",
        indices=sheet.indices.tolist(),
        layout=sheet.plan,
        cmap=query.cmap,
        normalize=query.normalize,
    )
    return conditional.respond(page, "text/html")


def _open(
    model_id: str, layer: str, query: FilterQuery, request: Request, services: Services
) -> tuple[Snapshot, Conditional]:
    colormap(query.cmap)
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    summary = snapshot.layer(layer)
    if summary.type != "conv2d":
        drawable = [other.name for other in snapshot.summary().layers if other.type == "conv2d"]
        raise NoKernel(layer, summary.type, drawable)
    return snapshot, Conditional(request, query.epoch, snapshot.identity, query)


def _sheet(snapshot: Snapshot, layer: str, query: FilterQuery, services: Services) -> tuple[Sheet, tuple[int, ...]]:
    kernel = dict(layer_weights(services.checkpoints, snapshot, layer))["kernel"]
    return choose_slices(kernel_slices(kernel, channel=query.channel), query, services.settings), kernel.shape


def _kernel_at(services: Services, row: Epoch, layer: str) -> NDArray[Any]:
    file = stored_file(row)
    (entry,) = (e for e in layer_tensors(services.checkpoints.header(file), layer) if variable_name(e) == "kernel")
    return services.checkpoints.read(file, [entry.name])[entry.name]


def _caption(row: Epoch) -> str:
    names = {"loss": "loss", "categorical_accuracy": "accuracy", "val_categorical_accuracy": "validation accuracy"}
    if row.epoch == 0:
        return "before training"
    return " · ".join(f"{label} {row.metrics[name]:.3f}" for name, label in names.items() if name in row.metrics)
