"""Jobs: post, list, get, cancel, delete."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field
from uuid_utils import uuid7

from api.continuing import CannotGoOn, check_fits, going_on
from api.dispatch import announce
from api.problem_groups import BODY
from api.problem_types import DATABASE
from api.problems import LOCATED, problems
from api.schemas import JobAnswer, JobPage, job_answer
from api.services import ServicesDep
from cnnservice import jobs
from cnnservice.datasets.arrays import check_samples
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import TooManySamples, UnknownDataset
from cnnservice.datasets.uploaded import record_of
from cnnservice.errors import FieldError, InvalidError
from cnnservice.jobs import AlreadyEnded, EpochNotKept, KeyReused, Status, StillLive, UnknownEpoch, UnknownJob
from cnnservice.keeping.deletion import remove_job
from cnnservice.quotas import QuotaExceeded, TooManyJobs, admit
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import BadSetting, ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.job import JobSpec, check_job, stored_bytes
from cnnservice.specs.presets.registry import UnknownPreset
from cnnservice.store import StoreUnavailable

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_log = logging.getLogger(__name__)

_DEFAULT_PAGE = 50


class JobsQuery(Spec):
    """Which jobs, and how many at once."""

    limit: Annotated[int, Field(ge=1, description="jobs on a page")] = _DEFAULT_PAGE
    cursor: Annotated[str | None, Field(pattern=jobs.ID_PATTERN, description="`next_cursor` of the page before")] = None
    status: Status | None = None
    dataset: Annotated[str | None, Field(max_length=64)] = None
    tag: Annotated[str | None, Field(max_length=64)] = None


@router.post(
    "",
    status_code=202,
    summary="Queue a training job",
    responses={
        202: LOCATED,
        **problems(
            *BODY, InvalidError, CannotGoOn, TooManySamples, UnknownPreset, ImpossibleArchitecture, LimitExceeded,
            BadSetting, KeyReused, TooManyJobs, QuotaExceeded, UnknownDataset, UnknownJob, UnknownEpoch, EpochNotKept,
            DATABASE,
        ),
    },
)  # fmt: skip
def create_job(
    spec: JobSpec,
    response: Response,
    services: ServicesDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="the same key and body give the same job, however often sent",
        ),
    ] = None,
) -> JobAnswer:
    """Only `dataset` is required; the defaults are the notebook's network and settings."""
    dataset, spec = _complete(spec, services)
    planned_bytes = _check(spec, dataset, services)
    job, new = jobs.submit(
        services.database,
        spec,
        job_id=str(uuid7()),
        now=time.time(),
        idempotency_key=idempotency_key,
        body_sha256=hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        dataset_record=record_of(dataset),
        admit=lambda session: admit(session, planned_bytes, services.settings),
    )
    if new:
        services.askers.note(job.id)
        _log.info("job %s queued", job.id)
        announce(services.events, job)
        services.dispatcher.nudge()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job_answer(job)


def _complete(spec: JobSpec, services: ServicesDep) -> tuple[Dataset, JobSpec]:
    """The data set, and the spec with what it leaves open: a small data set is by default taken whole."""
    going = going_on(spec, services.database)
    try:
        dataset = services.catalogue.get(going.dataset)
    except UnknownDataset as error:
        raise InvalidError(error.detail, errors=(FieldError("/dataset", error.detail),)) from None
    sizes = {"train_samples": dataset.splits["train"], "test_samples": dataset.splits["test"]}
    smaller = {
        name: size
        for name, size in sizes.items()
        if name not in spec.model_fields_set and spec.continue_from is None and getattr(going, name) > size
    }
    return dataset, going.model_copy(update=smaller)


def _check(spec: JobSpec, dataset: Dataset, services: ServicesDep) -> int:
    """The bytes that its weights may come to take."""
    check_samples(dataset, train_samples=spec.train_samples, test_samples=spec.test_samples)
    summary = check_job(spec, dataset.shape, len(dataset.classes), services.settings)
    check_fits(spec, summary, services.database)
    return stored_bytes(spec, summary)


@router.get("", summary="List jobs, newest first", responses=problems(InvalidError, LimitExceeded, DATABASE))
def list_jobs(query: Annotated[JobsQuery, Query()], services: ServicesDep) -> JobPage:
    """Filtered by status, data set and tag, a page at a time."""
    largest = services.settings.max_page_size
    if query.limit > largest:
        raise LimitExceeded("?limit", "limit", query.limit, largest, "CNNSERVICE_MAX_PAGE_SIZE")
    found = jobs.list_jobs(
        services.database,
        limit=query.limit + 1,
        before=query.cursor,
        status=query.status,
        dataset=query.dataset,
        tag=query.tag,
    )
    page = found[: query.limit]
    more = len(found) > query.limit
    return JobPage(items=[job_answer(job) for job in page], next_cursor=page[-1].id if more else None)


@router.get("/{job_id}", summary="One job", responses=problems(UnknownJob, DATABASE))
def get_job(job_id: str, services: ServicesDep) -> JobAnswer:
    """Its status, how far it is, and its latest metrics."""
    return job_answer(jobs.get(services.database, job_id))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    summary="Stop a job at its next batch",
    responses=problems(UnknownJob, AlreadyEnded, DATABASE),
)
def cancel_job(job_id: str, services: ServicesDep) -> JobAnswer:
    """Finished epochs are kept. A queued job ends at once; 409 when it has ended."""
    job = jobs.cancel(services.database, job_id, now=time.time())
    if job.status == "cancelled":
        announce(services.events, job)
    else:
        services.events.ring_cancel(job_id)
    return job_answer(job)


@router.delete(
    "/{job_id}",
    status_code=204,
    summary="Delete an ended job with its model",
    responses=problems(UnknownJob, StillLive, StoreUnavailable, DATABASE),
)
def delete_job(job_id: str, services: ServicesDep) -> None:
    """Its weights go with it, but for epochs that another model goes on from; 409 while it is queued or running."""
    remove_job(services.database, services.checkpoints, job_id)
