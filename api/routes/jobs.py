"""Jobs: post, list, get, cancel, delete."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from uuid_utils import uuid7

from api.admission import REFUSED, admitted
from api.dispatch import announce
from api.headers import IdempotencyKey
from api.problem_groups import BODY
from api.problem_types import DATABASE
from api.problems import LOCATED, problems
from api.schemas import JobAnswer, JobPage, job_answer
from api.services import ServicesDep
from cnnservice import job_queries, jobs, submission
from cnnservice.errors import InvalidError
from cnnservice.job_errors import AlreadyEnded, KeyReused, StillLive, UnknownJob
from cnnservice.jobs import Status
from cnnservice.keeping.deletion import remove_job
from cnnservice.quotas import QuotaExceeded, TooManyJobs, admit
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.job import JobSpec
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
    sweep: Annotated[str | None, Field(pattern=jobs.ID_PATTERN, description="the sweep whose jobs these are")] = None


@router.post(
    "",
    status_code=202,
    summary="Queue a training job",
    responses={
        202: LOCATED,
        **problems(*BODY, *REFUSED, KeyReused, TooManyJobs, QuotaExceeded, DATABASE),
    },
)
def create_job(
    spec: JobSpec,
    response: Response,
    services: ServicesDep,
    idempotency_key: IdempotencyKey = None,
) -> JobAnswer:
    """Only `dataset` is required; the defaults are the notebook's network and settings."""
    allowed = admitted(spec, services)
    job, new = submission.submit(
        services.database,
        allowed.spec,
        job_id=str(uuid7()),
        now=time.time(),
        idempotency_key=idempotency_key,
        body_sha256=hashlib.sha256(allowed.spec.model_dump_json().encode()).hexdigest(),
        dataset_record=allowed.dataset_record,
        admit=lambda session: admit(session, services.database.viewer.owner, allowed.planned_bytes, services.settings),
    )
    if new:
        services.askers.note(job.id)
        _log.info("job %s queued", job.id)
        announce(services.events, job)
        services.dispatcher.nudge()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job_answer(job)


@router.get("", summary="List jobs, newest first", responses=problems(InvalidError, LimitExceeded, DATABASE))
def list_jobs(query: Annotated[JobsQuery, Query()], services: ServicesDep) -> JobPage:
    """Filtered by status, data set, tag and sweep, a page at a time."""
    largest = services.settings.max_page_size
    if query.limit > largest:
        raise LimitExceeded("?limit", "limit", query.limit, largest, "CNNSERVICE_MAX_PAGE_SIZE")
    found = job_queries.list_jobs(
        services.database,
        limit=query.limit + 1,
        before=query.cursor,
        status=query.status,
        dataset=query.dataset,
        tag=query.tag,
        sweep=query.sweep,
    )
    page = found[: query.limit]
    more = len(found) > query.limit
    return JobPage(items=[job_answer(job) for job in page], next_cursor=page[-1].id if more else None)


@router.get("/{job_id}", summary="One job", responses=problems(UnknownJob, DATABASE))
def get_job(job_id: str, services: ServicesDep) -> JobAnswer:
    """Its status, how far it is, and its latest metrics."""
    return job_answer(job_queries.get(services.database, job_id))


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
