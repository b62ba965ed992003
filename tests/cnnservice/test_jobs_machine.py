"""The state machine of a job against a model of it: many claimants, clocks that jump, tokens gone stale."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from cnnservice import job_errors, job_queries, jobs, outbox, publication, submission
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Job
from cnnservice.keeping.deletion import remove_rows
from cnnservice.specs.job import JobSpec
from cnnservice.weights import StoredFile

SPEC = JobSpec(dataset="mnist", epochs=3)
LEASE, ATTEMPTS = 10.0, 3
# Where there is one, a folder in memory: thousands of transactions, none of which has to outlast the test.
FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def new_file() -> bytes:
    """An SQLite file with nothing in its tables. To make it anew would take as long as all that an example does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.db"
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.close()
        return path.read_bytes()


@dataclass
class Expected:
    """What a job must be."""

    status: jobs.Status = "queued"
    attempt: int = 1
    progress_attempt: int = 0
    ended_by: int | None = None
    owner: int | None = None
    expires_at: float = 0.0
    cancel_requested: bool = False
    epochs: list[str] = field(default_factory=list)


class JobsMachine(RuleBasedStateMachine):
    """Every claim ever made stays in play, so that most of what is tried comes from a worker that has lost its job."""

    identities: Bundle[str] = Bundle("identities")
    claims: Bundle[jobs.Claim] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=FOLDER)
        path = Path(self.folder.name) / "jobs.db"
        path.write_bytes(new_file())
        self.database = Database(f"sqlite:///{path}")
        self.now = 1000.0
        self.numbers = itertools.count(1)
        self.expected: dict[str, Expected] = {}
        self.tokens: dict[str, list[int]] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def owns(self, claim: jobs.Claim) -> bool:
        return claim.job_id in self.expected and self.expected[claim.job_id].owner == claim.token

    @initialize(target=identities)
    def first(self) -> str:
        return self.submitted()

    # Few jobs, so that what happens to one happens to it again and again.
    @precondition(lambda self: len(self.tokens) < 3)
    @rule(target=identities)
    def another(self) -> str:
        return self.submitted()

    def submitted(self) -> str:
        identity = f"01990000-0000-7000-8000-{next(self.numbers):012d}"
        submission.submit(self.database, SPEC, job_id=identity, now=self.now)
        self.expected[identity], self.tokens[identity] = Expected(), []
        return identity

    @rule(seconds=st.sampled_from([-3600.0, -5.0, 0.5, 6.0, 11.0, 3600.0]))
    def clock_jumps(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=claims, identity=identities, astray=st.sampled_from([0, 0, 0, -1, 1]))
    def claim(self, identity: str, astray: int) -> Any:
        attempt = astray + (self.expected[identity].attempt if identity in self.expected else 1)
        claim = jobs.claim(self.database, identity, attempt, owner="w", now=self.now, lease_seconds=LEASE)
        job = self.expected.get(identity)
        free = job is not None and job.status == "queued" and job.attempt == attempt
        assert (claim is not None) == free
        if claim is None or job is None:
            return multiple()
        assert claim.token > max(self.tokens[identity], default=0), "a token is given once, and a later one is greater"
        assert claim.epochs_stored == len(job.epochs), "training goes on from the last epoch kept"
        self.tokens[identity].append(claim.token)
        job.status, job.owner, job.expires_at = "running", claim.token, self.now + LEASE
        return claim

    @rule(claim=claims)
    def heartbeat(self, claim: jobs.Claim) -> None:
        def beat() -> bool:
            return jobs.heartbeat(
                self.database, claim, now=self.now, lease_seconds=LEASE, epoch_progress=0.5, running_seconds=1.0
            )

        if not self.owns(claim):
            with pytest.raises(jobs.LeaseLost):
                beat()
            return
        job = self.expected[claim.job_id]
        assert beat() == job.cancel_requested
        job.expires_at = self.now + LEASE

    @rule(claim=claims, ahead=st.sampled_from([0, 0, 0, -1, 1]))
    def commit_epoch(self, claim: jobs.Claim, ahead: int) -> None:
        stored = len(self.expected[claim.job_id].epochs) if claim.job_id in self.expected else 0
        epoch = max(0, stored + ahead)
        path = f"{claim.job_id}/{claim.token}/epoch-{epoch}"
        record = publication.EpochRecord(epoch, StoredFile(path, 10, 8, "0" * 64), {"loss": 1.0}, 2.0)
        job = self.expected.get(claim.job_id)
        again = job is not None and epoch == stored - 1 and job.epochs[epoch] == path
        if not self.owns(claim) or (epoch != stored and not again):
            with pytest.raises(jobs.LeaseLost):
                publication.commit_epoch(self.database, claim, record, now=self.now, lease_seconds=LEASE)
            return
        publication.commit_epoch(self.database, claim, record, now=self.now, lease_seconds=LEASE)
        assert job is not None
        if not again:
            job.epochs.append(path)
            job.expires_at = self.now + LEASE
            job.progress_attempt = claim.attempt if epoch > 0 else job.progress_attempt

    @rule(claim=claims, status=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def end(self, claim: jobs.Claim, status: Literal["succeeded", "failed", "cancelled"]) -> None:
        job = self.expected.get(claim.job_id)
        again = job is not None and (job.status, job.ended_by) == (status, claim.token)
        if not self.owns(claim) and not again:
            with pytest.raises(jobs.LeaseLost):
                jobs.end(self.database, claim, status, now=self.now)
            return
        jobs.end(self.database, claim, status, now=self.now)
        assert job is not None
        job.status, job.owner, job.ended_by = status, None, claim.token

    @rule(claim=claims)
    def release(self, claim: jobs.Claim) -> None:
        if not self.owns(claim):
            with pytest.raises(jobs.LeaseLost):
                jobs.release(self.database, claim, now=self.now)
            return
        jobs.release(self.database, claim, now=self.now)
        job = self.expected[claim.job_id]
        job.status, job.owner = "cancelled" if job.cancel_requested else "queued", None

    @rule(identity=identities)
    def cancel(self, identity: str) -> None:
        job = self.expected.get(identity)
        if job is None or job.status in jobs.ENDED:
            with pytest.raises(job_errors.UnknownJob if job is None else job_errors.AlreadyEnded):
                jobs.cancel(self.database, identity, now=self.now)
            return
        jobs.cancel(self.database, identity, now=self.now)
        job.cancel_requested = job.status == "running"
        job.status = "running" if job.status == "running" else "cancelled"

    @rule()
    def recover(self) -> None:
        lost = {
            identity for identity, job in self.expected.items() if job.status == "running" and job.expires_at < self.now
        }
        changed = jobs.recover_expired(self.database, now=self.now, attempt_limit=ATTEMPTS)
        assert {job.id for job in changed} == lost
        for identity in lost:
            job = self.expected[identity]
            job.owner = None
            if job.cancel_requested:
                job.status = "cancelled"
            elif job.attempt - job.progress_attempt < ATTEMPTS:
                job.status, job.attempt = "queued", job.attempt + 1
            else:
                job.status = "failed"

    @rule(identity=identities)
    def remove(self, identity: str) -> None:
        job = self.expected.get(identity)
        if job is None or job.status not in jobs.ENDED:
            with pytest.raises(job_errors.UnknownJob if job is None else job_errors.StillLive):
                remove_rows(self.database, identity)
            return
        assert set(remove_rows(self.database, identity)) == set(job.epochs)
        del self.expected[identity]

    @invariant()
    def every_job_is_what_was_expected(self) -> None:
        with self.database.read() as session:
            found: dict[str, Job] = {job.id: job for job in session.query(Job)}
            states = {
                identity: (job.status, job.fencing_token if job.status == "running" else None)
                for identity, job in found.items()
            }
        assert states == {identity: (job.status, job.owner) for identity, job in self.expected.items()}

    @invariant()
    def epochs_are_contiguous_and_never_move(self) -> None:
        for identity, job in self.expected.items():
            stored = job_queries.list_epochs(self.database, identity)
            assert [(epoch.epoch, epoch.path) for epoch in stored] == list(enumerate(job.epochs))

    @invariant()
    def who_waits_is_owed_a_wakeup_and_no_one_else(self) -> None:
        owed = [(wakeup.job_id, wakeup.attempt) for wakeup in outbox.owed(self.database)]
        waiting = {(identity, job.attempt) for identity, job in self.expected.items() if job.status == "queued"}
        assert len(owed) == len(set(owed))
        assert set(owed) == waiting


TestJobs = JobsMachine.TestCase
TestJobs.settings = settings(stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
