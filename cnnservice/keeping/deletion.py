"""A job goes with all that is its own."""

from __future__ import annotations

from sqlalchemy import delete, select

from cnnservice import job_queries
from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, IdempotencyKey, Job
from cnnservice.export.formats import delete_exports
from cnnservice.job_errors import StillLive
from cnnservice.jobs import ENDED, get_in
from cnnservice.publication import kept_by_another
from cnnservice.results import delete_results
from cnnservice.weights import CheckpointStore


def remove_job(database: Database, checkpoints: CheckpointStore, job_id: str) -> None:
    """Delete an ended job, its weights but for those that another goes on from, its results and exports.

    Raises UnknownJob, StillLive, StoreUnavailable.
    """
    checkpoints.delete(remove_rows(database, job_id))
    delete_results(checkpoints.store, job_id)
    delete_exports(checkpoints.store, job_id)
    checkpoints.delete_garbage(job_id, lambda paths: job_queries.paths_in_use(database, paths))


def remove_rows(database: Database, job_id: str) -> list[str]:
    """Delete an ended job with its epochs' rows. Returns the paths of the files that no job has any more.

    Raises UnknownJob, StillLive.
    """
    with database.write() as session:
        job = get_in(session, job_id, for_update=True)
        if job.status not in ENDED:
            raise StillLive(job_id, job.status)
        unshared = session.scalars(select(Epoch.path).where(Epoch.job_id == job_id, ~kept_by_another(job_id)))
        paths = list(unshared)
        session.execute(delete(Job).where(Job.id == job_id))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.job_id == job_id))
        return paths
