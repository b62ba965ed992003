"""A job goes with all that is its own."""

from __future__ import annotations

from cnnservice import jobs
from cnnservice.database.engine import Database
from cnnservice.export.formats import delete_exports
from cnnservice.results import delete_results
from cnnservice.weights import CheckpointStore


def remove_job(database: Database, checkpoints: CheckpointStore, job_id: str) -> None:
    """Delete an ended job, its weights but for those that another goes on from, its results and exports.

    Raises UnknownJob, StillLive, StoreUnavailable.
    """
    checkpoints.delete(jobs.remove(database, job_id))
    delete_results(checkpoints.store, job_id)
    delete_exports(checkpoints.store, job_id)
    checkpoints.delete_garbage(job_id, lambda paths: jobs.paths_in_use(database, paths))
