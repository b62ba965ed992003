"""Delete what is older, or more, than the settings say."""

from __future__ import annotations

import contextlib
import logging

import obstore

from cnnservice import audit, computations, job_errors, job_queries, submission
from cnnservice.database.engine import Database
from cnnservice.datasets.uploads import IMAGE_FOLDERS
from cnnservice.keeping.deletion import remove_job
from cnnservice.results import delete_result
from cnnservice.settings import Settings
from cnnservice.store import outages_told
from cnnservice.weights import CheckpointStore

_log = logging.getLogger(__name__)
_DAY_SECONDS = 86400.0


def delete_what_is_old(database: Database, checkpoints: CheckpointStore, settings: Settings, *, now: float) -> None:
    """One round. Any number of processes may do it at once. Raises StoreUnavailable."""
    _delete_jobs(database, checkpoints, settings, now)
    if (before := _before(settings.retain_computations_days, now)) is not None:
        _delete_computations(database, checkpoints, before)
    if (before := _before(settings.retain_images_days, now)) is not None:
        _delete_images(checkpoints, before)
    if (before := _before(settings.retain_idempotency_keys_days, now)) is not None:
        submission.forget_idempotency_keys(database, before=before)
    if (before := _before(settings.retain_audit_days, now)) is not None:
        audit.forget(database, before=before)


def _before(days: float | None, now: float) -> float | None:
    return None if days is None else now - days * _DAY_SECONDS


def _delete_jobs(database: Database, checkpoints: CheckpointStore, settings: Settings, now: float) -> None:
    if settings.retain_jobs_days is None and settings.retain_jobs is None:
        return
    before = _before(settings.retain_jobs_days, now)
    for job_id in job_queries.ended_too_long_ago(database, before=before, newest=settings.retain_jobs):
        with contextlib.suppress(job_errors.UnknownJob):  # another process was faster
            remove_job(database, checkpoints, job_id)
            _log.info("job %s: deleted, as it is no longer to be kept", job_id)


def _delete_computations(database: Database, checkpoints: CheckpointStore, before: float) -> None:
    for identity in computations.ended_before(database, before):
        with contextlib.suppress(computations.UnknownComputation):
            computation = computations.remove(database, identity)
            delete_result(checkpoints.store, computation.model_id, identity)


def _delete_images(checkpoints: CheckpointStore, before: float) -> None:
    with outages_told():
        for folder in IMAGE_FOLDERS:
            for batch in obstore.list(checkpoints.store, prefix=folder):
                checkpoints.delete([file["path"] for file in batch if file["last_modified"].timestamp() < before])
