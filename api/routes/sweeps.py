"""Sweeps: post, list, get, cancel, delete, and the curves of their trials."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from uuid_utils import uuid7

from api.admission import REFUSED
from api.caching import Conditional
from api.dispatch import announce
from api.headers import IdempotencyKey
from api.problem_groups import BODY
from api.problem_types import DATABASE
from api.problems import LOCATED, NOT_MODIFIED, problems
from api.services import Services, ServicesDep
from api.sweep_schemas import SweepAnswer, SweepPage, sweep_answer, sweep_item
from api.trials import BadTrial, admitted_trials
from cnnservice import jobs, sweeps
from cnnservice.drawing.axes import Key, Panel
from cnnservice.drawing.plot import draw_plot_png, draw_plot_svg
from cnnservice.drawing.trials import TrialCurve, trials_plot
from cnnservice.errors import InvalidError
from cnnservice.job_errors import StillLive, UnknownJob
from cnnservice.keeping.deletion import remove_job
from cnnservice.quotas import QuotaExceeded, TooManyJobs, admit
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.sweep import SweepSpec
from cnnservice.standings import standings, states
from cnnservice.store import StoreUnavailable
from cnnservice.sweeps import SweepEnded, SweepKeyReused, SweepLive, UnknownSweep

router = APIRouter(prefix="/v1/sweeps", tags=["sweeps"])

_DEFAULT_PAGE = 50


class SweepsQuery(Spec):
    """How many sweeps at once."""

    limit: Annotated[int, Field(ge=1, description="sweeps on a page")] = _DEFAULT_PAGE
    cursor: Annotated[str | None, Field(pattern=jobs.ID_PATTERN, description="`next_cursor` of the page before")] = None


@router.post(
    "",
    status_code=202,
    summary="Queue jobs that differ in some of their settings",
    responses={
        202: LOCATED,
        **problems(*BODY, *REFUSED, BadTrial, SweepKeyReused, TooManyJobs, QuotaExceeded, DATABASE),
    },
)
def create_sweep(
    spec: SweepSpec,
    response: Response,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> SweepAnswer:
    """A grid or a random search over any fields of a job's spec, with successive halving (arXiv 1502.07943) or without.

    Every trial's job is checked as `POST /v1/jobs` would check it, before any is queued.
    """
    trials, planned_bytes = admitted_trials(spec, services)
    sweep, queued = sweeps.submit(
        services.database,
        spec,
        trials,
        sweep_id=_new_id(),
        new_id=_new_id,
        now=time.time(),
        idempotency_key=idempotency_key,
        body_sha256=hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        admit=lambda session: admit(
            session, services.database.viewer.owner, planned_bytes, services.settings, new=len(trials)
        ),
    )
    for job in queued:
        announce(services.events, job)
    if queued:
        services.dispatcher.nudge()
    response.headers["Location"] = f"/v1/sweeps/{sweep.id}"
    return sweep_answer(sweep, standings(services.database, sweep))


def _new_id() -> str:
    return str(uuid7())


@router.get("", summary="List sweeps, newest first", responses=problems(InvalidError, LimitExceeded, DATABASE))
def list_sweeps(query: Annotated[SweepsQuery, Query()], services: ServicesDep) -> SweepPage:
    """Without their trials, a page at a time."""
    largest = services.settings.max_page_size
    if query.limit > largest:
        raise LimitExceeded("?limit", "limit", query.limit, largest, "CNNSERVICE_MAX_PAGE_SIZE")
    found = sweeps.list_sweeps(services.database, limit=query.limit + 1, before=query.cursor)
    page = found[: query.limit]
    trials = states(services.database, page)
    more = len(found) > query.limit
    return SweepPage(
        items=[sweep_item(sweep, trials[sweep.id]) for sweep in page], next_cursor=page[-1].id if more else None
    )


@router.get("/{sweep_id}", summary="One sweep, its trials side by side", responses=problems(UnknownSweep, DATABASE))
def get_sweep(sweep_id: str, services: ServicesDep) -> SweepAnswer:
    """Of each trial its values, how far it is, its best epoch, its rank, and its curve."""
    sweep = sweeps.get(services.database, sweep_id)
    return sweep_answer(sweep, standings(services.database, sweep))


@router.post(
    "/{sweep_id}/cancel",
    status_code=202,
    summary="Stop a sweep with all of its jobs",
    responses=problems(UnknownSweep, SweepEnded, DATABASE),
)
def cancel_sweep(sweep_id: str, services: ServicesDep) -> SweepAnswer:
    """Finished epochs are kept. It has ended when the jobs that run have stopped; 409 when it has ended before."""
    sweep, cancelled = sweeps.cancel(services.database, sweep_id, now=time.time())
    for job in cancelled:
        if job.status == "cancelled":
            announce(services.events, job)
        else:
            services.events.ring_cancel(job.id)
    return sweep_answer(sweep, standings(services.database, sweep))


@router.delete(
    "/{sweep_id}",
    status_code=204,
    summary="Delete an ended sweep with its jobs and models",
    responses=problems(UnknownSweep, SweepLive, StillLive, StoreUnavailable, DATABASE),
)
def delete_sweep(sweep_id: str, services: ServicesDep) -> None:
    """Their weights go with it, but for epochs that another model goes on from; 409 while it runs."""
    sweep = sweeps.get(services.database, sweep_id)
    sweeps.check_ended(sweep)
    # The sweep last, so that what was begun and not finished can be asked for again.
    for standing in standings(services.database, sweep):
        for job_id in reversed(standing.jobs):
            with contextlib.suppress(UnknownJob):
                remove_job(services.database, services.checkpoints, job_id)
    sweeps.remove(services.database, sweep_id)


_DRAWN = {**NOT_MODIFIED, **problems(UnknownSweep, DATABASE)}


@router.get(
    "/{sweep_id}/history.png",
    summary="Curves of a sweep's trials, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_DRAWN},
)
def draw_sweep_history_png(sweep_id: str, request: Request, services: ServicesDep) -> Response:
    """The objective by epoch: the best trials in colours, the others in grey."""
    (panels, keys), conditional = _plot(sweep_id, request, services)
    return conditional.not_modified() or conditional.respond(draw_plot_png(panels, keys=keys), "image/png")


@router.get(
    "/{sweep_id}/history.svg",
    summary="Curves of a sweep's trials, drawn as SVG",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **_DRAWN},
)
def draw_sweep_history_svg(sweep_id: str, request: Request, services: ServicesDep) -> Response:
    """The same picture as lines and text."""
    (panels, keys), conditional = _plot(sweep_id, request, services)
    return conditional.not_modified() or conditional.respond(draw_plot_svg(panels, keys=keys), "image/svg+xml")


def _plot(sweep_id: str, request: Request, services: Services) -> tuple[tuple[list[Panel], list[Key]], Conditional]:
    sweep = sweeps.get(services.database, sweep_id)
    curves = [
        TrialCurve(one.trial.number, one.trial.values, one.epochs, one.objective, one.rank)
        for one in standings(services.database, sweep)
    ]
    identity = json.dumps([sweep.id, [[curve.number, curve.rank, *curve.objective] for curve in curves]])
    metric = SweepSpec.model_validate(sweep.spec).objective.metric
    return trials_plot(curves, metric), Conditional(request, "last", identity)
