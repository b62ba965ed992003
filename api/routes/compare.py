"""Models side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.caching import Conditional
from api.drawn import draw_plot_png, draw_plot_svg
from api.evaluation_schemas import ComparedModel, Comparison, Difference
from api.problem_groups import MODEL
from api.problems import NOT_MODIFIED, problems
from api.schemas import Lineage
from api.services import Services, ServicesDep
from cnnservice import job_queries
from cnnservice.database.tables import Epoch
from cnnservice.drawing.comparison import Run, comparison_plot
from cnnservice.errors import FieldError, InvalidError
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.base import Spec

router = APIRouter(prefix="/v1/compare", tags=["compare"])
_COLUMNS = 2
# Not what a model is trained by.
_NO_SETTINGS = ("/tags",)


class BadComparison(InvalidError):
    """Too few models, too many, or one twice."""

    code = "bad-comparison"
    title = "Cannot compare"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=(FieldError("?models", detail),))


class CompareQuery(Spec):
    """Which models."""

    models: Annotated[str, Field(max_length=2000, description="ids, with commas between them", examples=["id1,id2"])]


Models = Annotated[CompareQuery, Query()]
_RESPONSES = {**NOT_MODIFIED, **problems(*MODEL, BadComparison)}


@router.get("", summary="Models side by side", response_model=Comparison, responses=_RESPONSES)
def compare_models(query: Models, request: Request, services: ServicesDep) -> Response:
    """A row a model: size, accuracy, loss, time; the settings in which they differ; and their histories."""
    snapshots, conditional = _open(query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    comparison = Comparison(
        models=[_compared(services, snapshot) for snapshot in snapshots], differences=list(_differences(snapshots))
    )
    return conditional.respond(comparison, "application/json")


@router.get(
    "/history.png",
    summary="Curves of several models, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
def draw_compared_history_png(query: Models, request: Request, services: ServicesDep) -> Response:
    """A colour a model; training solid, validation dashed."""
    snapshots, conditional = _open(query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels, keys = comparison_plot(_runs(services, snapshots))
    return conditional.respond(draw_plot_png(panels, keys=keys, cols=min(_COLUMNS, len(panels))), "image/png")


@router.get(
    "/history.svg",
    summary="Curves of several models, drawn as SVG",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_RESPONSES},
)
def draw_compared_history_svg(query: Models, request: Request, services: ServicesDep) -> Response:
    """The same picture as lines and text."""
    snapshots, conditional = _open(query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    panels, keys = comparison_plot(_runs(services, snapshots))
    return conditional.respond(draw_plot_svg(panels, keys=keys, cols=min(_COLUMNS, len(panels))), "image/svg+xml")


def _open(query: CompareQuery, request: Request, services: Services) -> tuple[list[Snapshot], Conditional]:
    ids, most = query.models.split(","), services.settings.max_compared_models
    if not 2 <= len(ids) <= most:
        raise BadComparison(
            f"models names {len(ids)}; 2 to {most} are allowed (setting CNNSERVICE_MAX_COMPARED_MODELS)."
        )
    if len(set(ids)) < len(ids):
        raise BadComparison("models names one of them twice; each may be named once.")
    snapshots = [open_snapshot(services.database, model_id, "last") for model_id in ids]
    state = " ".join(f"{snapshot.identity} {snapshot.job.status}" for snapshot in snapshots)
    return snapshots, Conditional(request, "last", state, query)


def _epochs(services: Services, snapshot: Snapshot) -> list[Epoch]:
    return job_queries.list_epochs(services.database, snapshot.job.id, after=0)


def _compared(services: Services, snapshot: Snapshot) -> ComparedModel:
    job, spec, summary = snapshot.job, snapshot.spec, snapshot.summary()
    epochs = _epochs(services, snapshot)
    best = min(
        (row for row in epochs if "val_loss" in row.metrics), key=lambda row: row.metrics["val_loss"], default=None
    )
    return ComparedModel(
        id=job.id,
        dataset=job.dataset,
        architecture=spec.architecture if isinstance(spec.architecture, str) else "custom",
        status=job.status,
        layers=len(summary.layers),
        params=summary.params,
        optimizer=spec.compile.optimizer.name,
        epochs=snapshot.epoch,
        latest=epochs[-1].metrics if epochs else None,
        best_epoch=best.epoch if best else None,
        best=best.metrics if best else None,
        seconds_per_epoch=sum(row.seconds for row in epochs) / len(epochs) if epochs else None,
        seconds=sum(row.seconds for row in epochs),
        lineage=Lineage(
            parent=job.parent_id,
            epoch=job.start_epoch if job.parent_id else None,
            children=job_queries.children(services.database, job.id),
        ),
        history={name: [row.metrics[name] for row in epochs] for name in (epochs[0].metrics if epochs else ())},
    )


def _runs(services: Services, snapshots: list[Snapshot]) -> list[Run]:
    runs = []
    for snapshot in snapshots:
        epochs, spec = _epochs(services, snapshot), snapshot.spec
        kind = spec.architecture if isinstance(spec.architecture, str) else "custom"
        metrics = {name: [row.metrics.get(name) for row in epochs] for name in (epochs[0].metrics if epochs else ())}
        name = next(iter(spec.tags), kind)
        # The end of an id is its random part: the beginnings of two made together are the same.
        runs.append(Run(f"{name} …{snapshot.job.id[-6:]}", [row.epoch for row in epochs], metrics))
    return runs


def _differences(snapshots: list[Snapshot]) -> Iterator[Difference]:
    flat = {snapshot.job.id: dict(_flattened(snapshot.spec.model_dump(mode="json"))) for snapshot in snapshots}
    for field in dict.fromkeys(field for settings in flat.values() for field in settings):
        values = {model_id: settings.get(field) for model_id, settings in flat.items()}
        if field not in _NO_SETTINGS and any(value != next(iter(values.values())) for value in values.values()):
            yield Difference(field=field, values=values)


def _flattened(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flattened(part, f"{pointer}/{name}")
    else:
        yield pointer, value
