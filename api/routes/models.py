"""Models: what they are made of, their weights in numbers, their curves."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.drawn import draw_plot_png, draw_plot_svg
from api.problem_groups import ASKED, LAYER, MODEL, SPLIT, WEIGHTS
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery
from api.results import computed_once
from api.schemas import (
    DuplicateGroup,
    History,
    LayerAnalysis,
    LayersAnswer,
    LayerWeights,
    Lineage,
    ModelAnswer,
    ModelLinks,
    NormalizationAnswer,
    Runtime,
    WeightStatistics,
    layer_answer,
    summary_answer,
)
from api.services import Services, ServicesDep
from cnnservice import job_queries
from cnnservice.analysis.filters import duplicate_filters, filter_matrix, has_filters, zero_filters
from cnnservice.database.tables import Epoch
from cnnservice.drawing.axes import Curve, Panel
from cnnservice.export.history import history_csv, metric_names
from cnnservice.models import Snapshot, layer_weights, open_snapshot
from cnnservice.specs.advice import advise
from cnnservice.specs.architecture import LayerSummary
from cnnservice.specs.errors import LimitExceeded

router = APIRouter(prefix="/v1/models", tags=["models"])
Epochs = Annotated[EpochQuery, Query()]
_HISTORY = {**NOT_MODIFIED, **problems(*MODEL)}
NamedArrays = list[tuple[str, NDArray[Any]]]


class LayerQuery(EpochQuery):
    """What is said of one layer, at which epoch."""

    analysis: Annotated[
        bool, Field(description="false leaves out what is said of its filters, for which an inspect worker is needed")
    ] = True
    threshold: Annotated[float, Field(gt=0, le=1, description="cosine from which two filters are duplicates")] = 0.99


@router.get("/{model_id}", summary="One model at an epoch", response_model=ModelAnswer, responses=_HISTORY)
def get_model(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """Layers, parameters, and the epochs there are to look at; also while it trains."""
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    job, here = snapshot.job, f"/v1/models/{model_id}"
    # The list of epochs grows, so even an explicit epoch's answer is not for ever.
    lineage = Lineage(
        parent=job.parent_id,
        epoch=job.start_epoch if job.parent_id else None,
        children=job_queries.children(services.database, job.id),
    )
    kept = job_queries.kept_epochs(services.database, job.id)
    conditional = Conditional(
        request, "last", f"{snapshot.identity} {job.status} {job.epochs_stored} {list(kept)} {lineage.children}"
    )
    if (answer := conditional.not_modified()) is not None:
        return answer
    model = ModelAnswer(
        id=job.id,
        job_id=job.id,
        status=job.status,
        dataset=job.dataset,
        classes=list(snapshot.dataset.classes),
        epoch=snapshot.epoch,
        epochs_available=list(kept),
        stored_bytes=sum(kept.values()),
        lineage=lineage,
        normalization=NormalizationAnswer.model_validate(snapshot.normalizer.record()),
        runtime=None if job.runtime is None else Runtime.model_validate(job.runtime),
        links=ModelLinks(
            self=here,
            job=f"/v1/jobs/{job.id}",
            layers=f"{here}/layers",
            history=f"{here}/history.json",
            evaluation=f"{here}/evaluation.json",
            export=f"{here}/export?format=keras",
        ),
        **summary_answer(
            snapshot.summary(), advise(snapshot.architecture, snapshot.dataset.shape, snapshot.spec.compile)
        ).model_dump(),
    )
    return conditional.respond(model, "application/json")


_WEIGHTS = {**NOT_MODIFIED, **problems(*MODEL, *WEIGHTS)}
_ANALYSIS = {**NOT_MODIFIED, **problems(*LAYER, *ASKED, *SPLIT, LimitExceeded)}


@router.get(
    "/{model_id}/layers", summary="Every layer's weights in numbers", response_model=LayersAnswer, responses=_WEIGHTS
)
def list_layers(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """Shape, range, mean and standard deviation of each weight array at an epoch."""
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity)
    if (answer := conditional.not_modified()) is not None:
        return answer
    layers = [_weights(services, snapshot, layer) for layer in snapshot.summary().layers]
    return conditional.respond(LayersAnswer(model_id=model_id, epoch=snapshot.epoch, layers=layers), "application/json")


@router.get(
    "/{model_id}/layers/{layer}",
    summary="One layer's weights in numbers, its dead and its duplicate filters",
    response_model=LayerAnalysis,
    responses=_ANALYSIS,
)
async def get_layer(
    model_id: str, layer: str, query: Annotated[LayerQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Shape, range, mean and standard deviation of each of its weight arrays, and which filters are wasted."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    summary = snapshot.layer(layer)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    arrays = await run_in_threadpool(layer_weights, services.checkpoints, snapshot, layer)
    analysed = query.analysis and has_filters(summary.type)
    found = await _look_at_filters(services, snapshot, summary, arrays, query.threshold) if analysed else {}
    statistics = await run_in_threadpool(_statistics, arrays)
    analysis = LayerAnalysis(**layer_answer(summary).model_dump(), weights=statistics, **found)
    return conditional.respond(analysis, "application/json")


async def _look_at_filters(
    services: Services, snapshot: Snapshot, layer: LayerSummary, arrays: NamedArrays, threshold: float
) -> dict[str, Any]:
    """The fields of LayerAnalysis that tell of filters. Raises LimitExceeded, and what computed_once raises."""
    filters, largest = layer.output_shape[-1], services.settings.max_compared_filters
    if filters > largest:
        name = f"the number of filters of {layer.name!r}, which analysis=true compares,"
        raise LimitExceeded("?analysis", name, filters, largest, "CNNSERVICE_MAX_COMPARED_FILTERS")
    activity = (await computed_once(services, snapshot, "unit_activity"))[layer.name]
    matrix = await run_in_threadpool(filter_matrix, layer.type, dict(arrays))
    groups = await run_in_threadpool(duplicate_filters, matrix, threshold)
    return {
        "filters": filters,
        "duplicate_filters": [DuplicateGroup.model_validate(vars(group)) for group in groups],
        "zero_filters": zero_filters(matrix).tolist(),
        "dead_filters": np.flatnonzero(activity == 0).tolist(),
    }


def _weights(services: Services, snapshot: Snapshot, layer: LayerSummary) -> LayerWeights:
    statistics = _statistics(layer_weights(services.checkpoints, snapshot, layer.name))
    return LayerWeights(**layer_answer(layer).model_dump(), weights=statistics)


def _statistics(arrays: NamedArrays) -> list[WeightStatistics]:
    return [
        WeightStatistics(
            name=name,
            shape=list(array.shape),
            dtype=array.dtype.name,
            min=float(array.min()),
            max=float(array.max()),
            # Summed in float64: over many weights float32 would lose digits.
            mean=float(array.mean(dtype=np.float64)),
            std=float(array.std(dtype=np.float64)),
        )
        for name, array in arrays
    ]


@router.get(
    "/{model_id}/history.json", summary="Loss and accuracy by epoch", response_model=History, responses=_HISTORY
)
def get_history(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """Training and validation, up to the epoch asked for."""
    conditional, epochs = _history(model_id, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    history = History(
        model_id=model_id,
        epoch=[row.epoch for row in epochs],
        seconds=[row.seconds for row in epochs],
        history={name: [row.metrics[name] for row in epochs] for name in metric_names(epochs)},
    )
    return conditional.respond(history, "application/json")


@router.get(
    "/{model_id}/history.csv",
    summary="Loss and accuracy by epoch, as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **_HISTORY},
)
def get_history_csv(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """A line an epoch: epoch, seconds, and the metrics by name."""
    conditional, epochs = _history(model_id, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return conditional.respond(history_csv(epochs), "text/csv")


@router.get(
    "/{model_id}/history.png",
    summary="Loss and accuracy by epoch, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_HISTORY},
)
def draw_history_png(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """Loss on the left, accuracy on the right; training solid, validation dashed."""
    conditional, epochs = _history(model_id, query, request, services)
    return conditional.not_modified() or conditional.respond(draw_plot_png(_panels(epochs)), "image/png")


@router.get(
    "/{model_id}/history.svg",
    summary="Loss and accuracy by epoch, drawn as SVG",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_HISTORY},
)
def draw_history_svg(model_id: str, query: Epochs, request: Request, services: ServicesDep) -> Response:
    """The same picture as lines and text."""
    conditional, epochs = _history(model_id, query, request, services)
    return conditional.not_modified() or conditional.respond(draw_plot_svg(_panels(epochs)), "image/svg+xml")


def _history(model_id: str, query: EpochQuery, request: Request, services: Services) -> tuple[Conditional, list[Epoch]]:
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity)
    return conditional, job_queries.list_epochs(services.database, model_id, after=0, up_to=snapshot.epoch)


def _panels(epochs: list[Epoch]) -> list[Panel]:
    names = metric_names(epochs) or ["loss", "categorical_accuracy"]
    accuracies = [name for name in names if not name.endswith("loss")]
    losses = [name for name in names if name.endswith("loss")]
    return [
        Panel(title="Loss by epoch", y_label="loss", curves=_curves(epochs, losses)),
        Panel(title="Accuracy by epoch", y_label="accuracy", curves=_curves(epochs, accuracies)),
    ]


def _curves(epochs: list[Epoch], names: list[str]) -> list[Curve]:
    numbers = [row.epoch for row in epochs]
    return [
        Curve(
            name=_label(name),
            epochs=numbers,
            values=[row.metrics[name] for row in epochs],
            dashed=name.startswith("val_"),
        )
        for name in names
        if epochs
    ]


def _label(name: str) -> str:
    """The metric in words: val_categorical_accuracy is the validation accuracy."""
    part, metric = ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("training", name)
    return f"{part} {metric.removeprefix('categorical_').replace('_', ' ')}"
