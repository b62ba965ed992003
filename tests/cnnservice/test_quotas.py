"""How much may be under way and kept, at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnservice import job_errors, jobs, publication, quotas, submission
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.viewer import Viewer
from cnnservice.specs.job import JobSpec
from cnnservice.weights import StoredFile

SPEC = JobSpec(dataset="mnist", epochs=3)
EPOCH_BYTES = 1000


@dataclass(frozen=True)
class Limits:
    max_live_jobs: int = 4
    max_owner_live_jobs: int = 2
    max_owner_stored_bytes: int = 5 * EPOCH_BYTES


class Service:
    """What a client of the database may do, by owner."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'jobs.db'}")
        upgrade(self.database)
        self.posted = 0

    def post(self, owner: str | None, planned: int = 0, **options: str) -> jobs.Job:
        self.posted += 1
        seen = self.database.seen_by(Viewer(owner, sees_all=owner is None))
        job, _ = submission.submit(
            seen,
            SPEC,
            job_id=f"01990000-0000-7000-8000-{self.posted:012d}",
            now=100.0,
            admit=lambda session: quotas.admit(session, owner, planned, Limits()),
            **options,
        )
        return job


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def test_an_owner_has_as_many_live_jobs_as_allowed_and_no_more(service: Service) -> None:
    first = service.post("alice")
    service.post("alice")
    with pytest.raises(quotas.TooManyJobs, match=r"2 jobs of yours .* 2 are allowed") as caught:
        service.post("alice")
    assert caught.value.retry_after > 0
    service.post("bob")
    jobs.cancel(service.database, first.id, now=101.0)
    service.post("alice")


def test_all_together_have_as_many_as_allowed_and_no_more(service: Service) -> None:
    for owner in ("alice", "alice", "bob", None):
        service.post(owner)
    for owner in ("carol", None):
        with pytest.raises(quotas.TooManyJobs, match=r"4 jobs are .*CNNSERVICE_MAX_LIVE_JOBS"):
            service.post(owner)


def test_what_was_posted_before_is_the_same_job_also_when_there_may_be_no_more(service: Service) -> None:
    first = service.post("alice", idempotency_key="k", body_sha256="b")
    service.post("alice")
    assert service.post("alice", idempotency_key="k", body_sha256="b").id == first.id
    with pytest.raises(job_errors.KeyReused, match="'k'"):
        service.post("alice", idempotency_key="k", body_sha256="other")


def test_the_same_idempotency_key_of_another_owner_is_another(service: Service) -> None:
    assert (
        service.post("alice", idempotency_key="k", body_sha256="b").id
        != service.post("bob", idempotency_key="k", body_sha256="b").id
    )


def test_what_is_kept_and_what_is_planned_fit_into_an_owners_bytes_exactly(service: Service) -> None:
    job = service.post("alice")
    claim = jobs.claim(service.database, job.id, 1, owner="w", now=101.0, lease_seconds=10.0)
    assert claim is not None
    for epoch in range(2):
        file = StoredFile(f"e{epoch}", EPOCH_BYTES, 8, "0" * 64)
        record = publication.EpochRecord(epoch, file, {"loss": 1.0}, 2.0)
        publication.commit_epoch(service.database, claim, record, now=102.0, lease_seconds=10.0)
    with pytest.raises(quotas.QuotaExceeded, match="keep 2000 bytes and this would keep up to 3001; 5000 are"):
        service.post("alice", planned=3 * EPOCH_BYTES + 1)
    service.post("alice", planned=3 * EPOCH_BYTES)
    service.post(None, planned=10**12)
