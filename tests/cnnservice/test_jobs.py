"""The state machine, on a real database: one owner at a time, epochs without gaps, ends that are final."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cnnservice import job_errors, job_queries, jobs, outbox, publication, submission
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.keeping.deletion import remove_rows
from cnnservice.specs.job import ContinueFrom, JobSpec
from cnnservice.specs.keeping import Keep
from cnnservice.weights import StoredFile

SPEC = JobSpec(dataset="mnist", epochs=3, tags=("a", "b"), keep=Keep(last=1))
LEASE = 10.0


def job_id(number: int) -> str:
    return f"01990000-0000-7000-8000-{number:012d}"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    return database


def submitted(database: Database, number: int = 1, **options: str) -> str:
    submission.submit(database, SPEC, job_id=job_id(number), now=100.0, **options)
    return job_id(number)


def claimed(database: Database, number: int = 1, now: float = 101.0) -> jobs.Claim:
    claim = jobs.claim(database, submitted(database, number), 1, owner="w", now=now, lease_seconds=LEASE)
    assert claim is not None
    return claim


def record(epoch: int) -> publication.EpochRecord:
    return publication.EpochRecord(epoch, StoredFile(f"e{epoch}", 10, 8, "0" * 64), {"loss": 1.0 / (epoch + 1)}, 2.0)


def commit(database: Database, claim: jobs.Claim, epoch: int, now: float = 102.0) -> None:
    publication.commit_epoch(database, claim, record(epoch), now=now, lease_seconds=LEASE)


def test_a_job_is_owed_a_wakeup_until_it_is_claimed(database: Database) -> None:
    identity = submitted(database)
    assert outbox.owed(database) == [outbox.Wakeup(identity, 1, "train")]
    outbox.mark_published(database, [outbox.Wakeup(identity, 1, "train")], now=101.0)
    assert outbox.owed(database) == []
    assert outbox.published(database, before=101.0) == []
    published = outbox.published(database, before=101.5)
    assert published == [outbox.Wakeup(identity, 1, "train")]
    outbox.owe_again(database, published)
    assert outbox.owed(database) == published
    assert jobs.claim(database, identity, 1, owner="w", now=102.0, lease_seconds=LEASE) is not None
    assert outbox.owed(database) == []
    outbox.owe_again(database, published)
    assert outbox.owed(database) == outbox.published(database, before=1e9) == []


def test_of_many_claimants_one_gets_the_job(database: Database) -> None:
    identity = submitted(database)
    claims: list[jobs.Claim | None] = []
    gate = threading.Barrier(8)

    def claimant(number: int) -> None:
        gate.wait()
        claims.append(jobs.claim(database, identity, 1, owner=f"w{number}", now=101.0, lease_seconds=LEASE))

    threads = [threading.Thread(target=claimant, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 8
    assert [claim.token for claim in claims if claim is not None] == [1]


def test_a_message_of_an_older_attempt_claims_nothing(database: Database) -> None:
    claim = claimed(database)
    jobs.recover_expired(database, now=claim.expires_at + 1, attempt_limit=5)
    assert jobs.claim(database, claim.job_id, 1, owner="w", now=200.0, lease_seconds=LEASE) is None
    again = jobs.claim(database, claim.job_id, 2, owner="w", now=200.0, lease_seconds=LEASE)
    assert again is not None
    assert again.token > claim.token


def test_epochs_are_published_in_order_once_and_without_gaps(database: Database) -> None:
    claim = claimed(database)
    with pytest.raises(jobs.LeaseLost):
        commit(database, claim, 1)
    commit(database, claim, 0)
    # As by a worker whose connection broke before it was told that the first time had succeeded.
    commit(database, claim, 0)
    commit(database, claim, 1)
    with pytest.raises(jobs.LeaseLost):
        commit(database, claim, 0)
    assert [row.epoch for row in job_queries.list_epochs(database, claim.job_id)] == [0, 1]
    job = job_queries.get(database, claim.job_id)
    assert (job.epochs_done, job.latest, job.seconds_per_epoch) == (1, {"loss": 0.5}, 2.0)


def paths(database: Database, claim: jobs.Claim) -> list[str]:
    return [row.path for row in job_queries.list_epochs(database, claim.job_id, kept=True)]


def test_dropping_names_the_files_that_no_other_job_has(database: Database) -> None:
    claim = claimed(database)
    for epoch in range(3):
        commit(database, claim, epoch)
    child = SPEC.model_copy(update={"continue_from": ContinueFrom(model_id=claim.job_id, epoch=1)})
    submission.submit(database, child, job_id=job_id(2), now=103.0)

    def drop() -> list[str]:
        return publication.commit_epoch(database, claim, record(3), now=104.0, lease_seconds=LEASE, drop=[0, 1, 2])

    assert drop() == ["e2"], "epochs 0 and 1 are also the child's"
    assert drop() == ["e2"], "who saw the connection break is told again"
    assert paths(database, claim) == ["e3"]
    assert job_queries.kept_epochs(database, claim.job_id) == {3: 10}
    assert len(job_queries.list_epochs(database, claim.job_id)) == 4
    assert job_queries.paths_in_use(database, ["e0", "e1", "e2", "e3"]) == {"e0", "e1", "e3"}
    late = SPEC.model_copy(update={"continue_from": ContinueFrom(model_id=claim.job_id, epoch=2)})
    with pytest.raises(job_errors.EpochNotKept):
        submission.submit(database, late, job_id=job_id(3), now=105.0)
    jobs.cancel(database, job_id(2), now=106.0)
    assert remove_rows(database, job_id(2)) == ["e0", "e1"], "its parent has them no more"


def test_a_stale_token_writes_nothing(database: Database) -> None:
    stale = claimed(database)
    commit(database, stale, 0)
    (requeued,) = jobs.recover_expired(database, now=200.0, attempt_limit=5)
    assert (requeued.status, requeued.attempt) == ("queued", 2)

    def every_write_is_refused() -> None:
        before = vars(job_queries.get(database, stale.job_id)).copy()
        with pytest.raises(jobs.LeaseLost):
            jobs.heartbeat(database, stale, now=201.0, lease_seconds=LEASE, epoch_progress=0.5, running_seconds=1.0)
        with pytest.raises(jobs.LeaseLost):
            commit(database, stale, 1)
        with pytest.raises(jobs.LeaseLost):
            jobs.note_runtime(database, stale, {}, {})
        with pytest.raises(jobs.LeaseLost):
            jobs.end(database, stale, "succeeded", now=201.0)
        with pytest.raises(jobs.LeaseLost):
            jobs.release(database, stale, now=201.0)
        after = vars(job_queries.get(database, stale.job_id)).copy()
        before.pop("_sa_instance_state")
        after.pop("_sa_instance_state")
        assert after == before

    every_write_is_refused()
    fresh = jobs.claim(database, stale.job_id, 2, owner="v", now=202.0, lease_seconds=LEASE)
    assert fresh is not None
    assert fresh.epochs_stored == 1
    every_write_is_refused()
    commit(database, fresh, 1, now=203.0)


def test_a_lease_that_is_renewed_does_not_expire(database: Database) -> None:
    claim = claimed(database, now=100.0)
    jobs.heartbeat(database, claim, now=109.0, lease_seconds=LEASE, epoch_progress=0.5, running_seconds=1.0)
    assert jobs.recover_expired(database, now=118.9, attempt_limit=5) == []
    assert len(jobs.recover_expired(database, now=119.1, attempt_limit=5)) == 1


def test_past_the_attempt_limit_a_job_fails_and_says_why(database: Database) -> None:
    claim: jobs.Claim | None = claimed(database)
    for attempt in (1, 2):
        assert claim is not None
        (job,) = jobs.recover_expired(database, now=1000.0 * attempt, attempt_limit=2)
        claim = jobs.claim(database, job.id, attempt + 1, owner="w", now=1000.0 * attempt + 1, lease_seconds=LEASE)
    job = job_queries.get(database, job_id(1))
    assert (job.status, job.attempt) == ("failed", 2)
    assert job.error is not None
    assert job.error["code"] == "worker-lost"
    assert outbox.owed(database) == []


def test_a_job_that_gets_on_may_lose_its_worker_any_number_of_times(database: Database) -> None:
    claim: jobs.Claim | None = claimed(database)
    assert claim is not None
    commit(database, claim, 0)
    for attempt in range(1, 9):
        assert claim is not None
        publication.commit_epoch(database, claim, record(attempt), now=1000.0 * attempt, lease_seconds=LEASE)
        (job,) = jobs.recover_expired(database, now=1000.0 * attempt + 500, attempt_limit=2)
        assert (job.status, job.attempt) == ("queued", attempt + 1)
        claim = jobs.claim(database, job.id, attempt + 1, owner="w", now=1000.0 * attempt + 501, lease_seconds=LEASE)
    # From here on it does not: two attempts in a row, and it fails.
    for attempt, status in ((9, "queued"), (10, "failed")):
        (job,) = jobs.recover_expired(database, now=1e6 * attempt, attempt_limit=2)
        assert job.status == status
        jobs.claim(database, job.id, job.attempt, owner="w", now=1e6 * attempt + 1, lease_seconds=LEASE)


def test_cancelling_a_waiting_job_ends_it_at_once(database: Database) -> None:
    identity = submitted(database)
    assert jobs.cancel(database, identity, now=101.0).status == "cancelled"
    assert outbox.owed(database) == []
    assert jobs.claim(database, identity, 1, owner="w", now=102.0, lease_seconds=LEASE) is None
    with pytest.raises(job_errors.AlreadyEnded):
        jobs.cancel(database, identity, now=103.0)


def test_how_long_a_job_has_run_is_told_to_who_claims_it_next(database: Database) -> None:
    claim = claimed(database)
    assert claim.running_seconds == 0
    jobs.heartbeat(database, claim, now=102.0, lease_seconds=LEASE, epoch_progress=0.5, running_seconds=7.5)
    jobs.recover_expired(database, now=200.0, attempt_limit=5)
    again = jobs.claim(database, claim.job_id, 2, owner="w", now=300.0, lease_seconds=LEASE)
    assert again is not None
    assert again.running_seconds == 7.5, "waiting does not count"


def test_cancelling_a_running_job_is_told_at_the_next_heartbeat(database: Database) -> None:
    claim = claimed(database)
    beat = {"now": 102.0, "lease_seconds": LEASE, "epoch_progress": 0.1, "running_seconds": 1.0}
    assert jobs.heartbeat(database, claim, **beat) is False
    assert jobs.cancel(database, claim.job_id, now=102.0).status == "running"
    assert jobs.heartbeat(database, claim, **beat) is True
    jobs.end(database, claim, "cancelled", now=103.0)
    assert job_queries.get(database, claim.job_id).status == "cancelled"


def test_a_released_job_waits_again_and_no_attempt_is_counted(database: Database) -> None:
    claim = claimed(database)
    commit(database, claim, 0)
    jobs.release(database, claim, now=103.0)
    job = job_queries.get(database, claim.job_id)
    assert (job.status, job.attempt, job.epochs_stored) == ("queued", 1, 1)
    assert outbox.owed(database) == [outbox.Wakeup(claim.job_id, 1, "train")]


def test_a_cancelled_job_is_not_requeued_when_its_worker_is_lost(database: Database) -> None:
    first, second = claimed(database, 1), claimed(database, 2)
    for claim in (first, second):
        jobs.cancel(database, claim.job_id, now=102.0)
    jobs.release(database, first, now=103.0)
    jobs.recover_expired(database, now=500.0, attempt_limit=5)
    assert [job_queries.get(database, job_id(number)).status for number in (1, 2)] == ["cancelled", "cancelled"]
    assert outbox.owed(database) == []


def test_a_key_makes_one_job_however_often_it_is_sent(database: Database) -> None:
    options = {"idempotency_key": "k", "body_sha256": "x"}
    first, new = submission.submit(database, SPEC, job_id=job_id(1), now=100.0, **options)
    again, new_again = submission.submit(database, SPEC, job_id=job_id(2), now=101.0, **options)
    assert (first.id, new, again.id, new_again) == (job_id(1), True, job_id(1), False)
    assert len(job_queries.list_jobs(database, limit=10)) == 1
    with pytest.raises(job_errors.KeyReused):
        submission.submit(database, SPEC, job_id=job_id(3), now=102.0, idempotency_key="k", body_sha256="y")


def test_a_job_is_deleted_with_all_its_rows_only_when_it_has_ended(database: Database) -> None:
    claim = claimed(database)
    commit(database, claim, 0)
    with pytest.raises(job_errors.StillLive):
        remove_rows(database, claim.job_id)
    jobs.end(database, claim, "failed", now=103.0, error={"code": "c", "detail": "d"})
    remove_rows(database, claim.job_id)
    assert job_queries.list_epochs(database, claim.job_id) == []
    assert job_queries.list_jobs(database, limit=5, tag="a") == []
    with pytest.raises(job_errors.UnknownJob):
        remove_rows(database, claim.job_id)


def test_jobs_are_listed_newest_first_and_filtered(database: Database) -> None:
    for number in range(1, 6):
        submitted(database, number)
    jobs.cancel(database, job_id(3), now=200.0)
    assert [job.id for job in job_queries.list_jobs(database, limit=2)] == [job_id(5), job_id(4)]
    assert [job.id for job in job_queries.list_jobs(database, limit=9, before=job_id(3))] == [job_id(2), job_id(1)]
    assert [job.id for job in job_queries.list_jobs(database, limit=9, status="cancelled")] == [job_id(3)]
    assert len(job_queries.list_jobs(database, limit=9, tag="b", dataset="mnist")) == 5
    assert job_queries.list_jobs(database, limit=9, tag="c") == []


@pytest.mark.parametrize("identity", ["", "nope", "x" * 36, job_id(1) + "\n", "01990000-0000-7000-8000-00000000000\0"])
def test_what_is_no_id_is_an_unknown_job(database: Database, identity: str) -> None:
    with pytest.raises(job_errors.UnknownJob):
        job_queries.get(database, identity)
