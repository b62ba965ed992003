"""Deleting an ended job with all that came of it."""

from __future__ import annotations

from api.results import delete_results
from api.services import Services
from cnnservice import jobs
from cnnservice.export.formats import delete_exports


def delete_job_and_files(services: Services, job_id: str) -> None:
    """Its rows, then its files, but for epochs that another model goes on from. Raises UnknownJob, StillLive."""
    services.checkpoints.delete(jobs.remove(services.database, job_id))
    delete_results(services, job_id)
    delete_exports(services.checkpoints.store, job_id)
    services.checkpoints.delete_garbage(job_id, lambda paths: jobs.paths_in_use(services.database, paths))
