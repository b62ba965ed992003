"""A layer's weights that are not kernels, and how all of them are distributed over the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import Field

from api.caching import Conditional
from api.drawn import draw_plot_png, draw_plot_svg
from api.problem_groups import LAYER, WEIGHTS
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery
from api.schemas import Histogram, Vector, VectorSheet
from api.services import Services, ServicesDep
from cnnservice import job_queries
from cnnservice.drawing.axes import Key, Panel
from cnnservice.drawing.histogram import (
    PERCENTILES,
    histogram_over_epochs,
    histogram_plot,
    percentiles_over_epochs,
)
from cnnservice.drawing.vectors import vector_panels
from cnnservice.errors import InvalidError
from cnnservice.models import Snapshot, layer_weights, open_snapshot, stored_file
from cnnservice.specs.errors import LimitExceeded
from cnnservice.weights import layer_tensors, variable_name

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["weights"])
_PANELS_A_ROW = 2


class NoVectors(InvalidError):
    """The layer has no bias, nor any other vector."""

    code = "no-vectors"
    title = "Layer without vectors"

    def __init__(self, layer: str, kind: str) -> None:
        super().__init__(f"Layer {layer!r} is a {kind} without biases or other values by channel.")


class NoSuchWeight(InvalidError):
    """The layer has no weight of that name."""

    code = "unknown-weight"
    title = "Unknown weight"

    def __init__(self, layer: str, weight: str | None, known: list[str]) -> None:
        has = f"it has {', '.join(known)}" if known else "it has no weights"
        super().__init__(f"Layer {layer!r} has no weight {weight!r}; {has}." if weight else f"Layer {layer!r}: {has}.")


class HistogramQuery(EpochQuery):
    """Which weight, in how many bins, up to which epoch."""

    weight: Annotated[str | None, Field(max_length=64, description="its name; the layer's first when not given")] = None
    bins: Annotated[int, Field(ge=2, le=512)] = 64


Epochs = Annotated[EpochQuery, Query()]
Histograms = Annotated[HistogramQuery, Query()]
_VALUES = {**NOT_MODIFIED, **problems(*LAYER, *WEIGHTS, NoVectors)}
_HISTOGRAM = {**NOT_MODIFIED, **problems(*LAYER, *WEIGHTS, NoSuchWeight, LimitExceeded)}


@router.get("/values.json", summary="Biases and the like in numbers", response_model=VectorSheet, responses=_VALUES)
def get_values(model_id: str, layer: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """Every weight that has one value a channel: biases, and what normalisation learns and keeps."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    vectors = [
        Vector(name=name, values=vector.tolist()) for name, vector in _vectors(services, snapshot, layer).items()
    ]
    sheet = VectorSheet(model_id=model_id, layer=layer, epoch=snapshot.epoch, vectors=vectors)
    return conditional.respond(sheet, "application/json")


@router.get(
    "/values.png",
    summary="Biases and the like, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_VALUES},
)
def draw_values_png(model_id: str, layer: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """A bar a channel, a panel a vector: bias, or gamma, beta, moving mean and moving variance."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels = vector_panels(_vectors(services, snapshot, layer))
    return conditional.respond(draw_plot_png(panels, cols=_columns(panels)), "image/png")


@router.get(
    "/values.svg",
    summary="Biases and the like, drawn as SVG",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_VALUES},
)
def draw_values_svg(model_id: str, layer: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """The same picture as lines and text."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels = vector_panels(_vectors(services, snapshot, layer))
    return conditional.respond(draw_plot_svg(panels, cols=_columns(panels)), "image/svg+xml")


@router.get(
    "/histogram.json", summary="Weights by value and epoch, in numbers", response_model=Histogram, responses=_HISTOGRAM
)
def get_histogram(model_id: str, layer: str, query: Histograms, request: Request, services: ServicesDep) -> Response:
    """How many weights lie between which values, epoch by epoch, and their percentiles."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    name, values = _values_by_epoch(services, snapshot, layer, query.weight)
    edges, counts = histogram_over_epochs(list(values.values()), query.bins)
    histogram = Histogram(
        model_id=model_id,
        layer=layer,
        weight=name,
        epoch=list(values),
        edges=edges.tolist(),
        counts=counts.tolist(),
        percentiles=dict(
            zip(map(str, PERCENTILES), percentiles_over_epochs(list(values.values())).T.tolist(), strict=True)
        ),
    )
    return conditional.respond(histogram, "application/json")


@router.get(
    "/histogram.png",
    summary="Weights by value and epoch, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_HISTOGRAM},
)
def draw_histogram_png(
    model_id: str, layer: str, query: Histograms, request: Request, services: ServicesDep
) -> Response:
    """The darker, the more weights of that value at that epoch; lines are the median, 5 and 95 %, and the extremes."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels, keys = _histogram(services, snapshot, layer, query)
    return conditional.respond(draw_plot_png(panels, keys=keys), "image/png")


@router.get(
    "/histogram.svg",
    summary="Weights by value and epoch, drawn as SVG",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_HISTOGRAM},
)
def draw_histogram_svg(
    model_id: str, layer: str, query: Histograms, request: Request, services: ServicesDep
) -> Response:
    """The same picture as lines and text."""
    snapshot, conditional = _open(model_id, layer, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels, keys = _histogram(services, snapshot, layer, query)
    return conditional.respond(draw_plot_svg(panels, keys=keys), "image/svg+xml")


def _open(
    model_id: str, layer: str, query: EpochQuery, request: Request, services: Services
) -> tuple[Snapshot, Conditional]:
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    snapshot.layer(layer)
    return snapshot, Conditional(request, query.epoch, snapshot.identity, query)


def _vectors(services: Services, snapshot: Snapshot, layer: str) -> Mapping[str, NDArray[Any]]:
    weights = layer_weights(services.checkpoints, snapshot, layer)
    vectors = {name: array for name, array in weights if array.ndim == 1}
    if not vectors:
        raise NoVectors(layer, snapshot.layer(layer).type)
    return vectors


def _columns(panels: list[Panel]) -> int:
    return min(_PANELS_A_ROW, len(panels))


def _histogram(
    services: Services, snapshot: Snapshot, layer: str, query: HistogramQuery
) -> tuple[list[Panel], tuple[Key, ...]]:
    name, values = _values_by_epoch(services, snapshot, layer, query.weight)
    panels, keys = histogram_plot(f"{layer} · {name}", list(values), list(values.values()), query.bins)
    return panels, tuple(keys)


def _values_by_epoch(
    services: Services, snapshot: Snapshot, layer: str, weight: str | None
) -> tuple[str, dict[int, NDArray[Any]]]:
    """The weight's name, and its values by epoch. Raises NoSuchWeight, LimitExceeded."""
    tensors = {variable_name(t): t for t in layer_tensors(services.checkpoints.header(snapshot.file), layer)}
    name = weight or next(iter(tensors), "")
    if name not in tensors:
        raise NoSuchWeight(layer, weight, list(tensors))
    key, epochs = tensors[name].name, snapshot.epoch + 1
    values, limit = (
        epochs * tensors[name].length // tensors[name].dtype.itemsize,
        services.settings.max_animation_values,
    )
    if values > limit:
        raise LimitExceeded("?epoch", "the weights of all epochs", values, limit, "CNNSERVICE_MAX_ANIMATION_VALUES")
    rows = job_queries.list_epochs(services.database, snapshot.job.id, up_to=snapshot.epoch, kept=True)
    store = services.checkpoints
    arrays = store.each(lambda row: store.read(stored_file(row), [key])[key], rows)
    return name, {row.epoch: array for row, array in zip(rows, arrays, strict=True)}
