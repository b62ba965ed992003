"""What is older, or more, than the settings say goes, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import LocalStore

from api.housekeeping import Housekeeping
from cnnservice import audit, job_queries, jobs
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.keeping.retention import delete_what_is_old
from cnnservice.models import stored_file
from cnnservice.settings import Settings
from cnnservice.specs.job import ContinueFrom
from filled import Filled, identity
from live import wait_until

DAY = 86400.0
FIRST, SECOND, CHILD, LIVE = map(identity, range(1, 5))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """Jobs that ended on days 1, 2 and 3, the last of which goes on from the first, and one that runs since day 0."""
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    filled = Filled(database, LocalStore(tmp_path / "store", mkdir=True), tmp_path)
    for job_id, day in ((FIRST, 1), (SECOND, 2)):
        filled.submit(job_id, now=day * DAY)
        filled.train(job_id, 2, now=day * DAY)
    filled.submit(CHILD, now=3 * DAY, continue_from=ContinueFrom(model_id=FIRST, epoch=1))
    filled.train(CHILD, 2, now=3 * DAY)
    filled.submit(LIVE, now=0.0)
    filled.claim(LIVE, now=0.0)
    yield filled
    database.close()


def left(filled: Filled, now: float, **settings: float) -> list[str]:
    """The jobs that are left of it by these settings."""
    delete_what_is_old(filled.database, filled.checkpoints, Settings.model_validate(settings), now=now)
    return sorted(job.id for job in job_queries.list_jobs(filled.database, limit=10))


def test_by_default_all_is_kept(filled: Filled) -> None:
    before = (filled.rows(), filled.files())
    assert left(filled, 1e6 * DAY) == [FIRST, SECOND, CHILD, LIVE]
    assert (filled.rows(), filled.files()) == before


def test_ended_jobs_go_after_so_many_days(filled: Filled) -> None:
    assert left(filled, 11 * DAY, retain_jobs_days=10) == [FIRST, SECOND, CHILD, LIVE]
    assert left(filled, 11 * DAY + 1, retain_jobs_days=10) == [SECOND, CHILD, LIVE]
    assert left(filled, 1e6 * DAY, retain_jobs_days=10) == [LIVE]
    assert not filled.files()


def test_of_ended_jobs_so_many_stay_and_who_goes_on_from_a_deleted_one_has_all_it_needs(filled: Filled) -> None:
    assert left(filled, 4 * DAY, retain_jobs=3) == [FIRST, SECOND, CHILD, LIVE]
    assert left(filled, 4 * DAY, retain_jobs=1) == [CHILD, LIVE]
    rows = job_queries.list_epochs(filled.database, CHILD)
    assert filled.files().keys() == {row.path for row in rows}
    assert [row.path.split("/")[1] for row in rows] == [FIRST, FIRST, CHILD]
    for row in rows:
        assert filled.checkpoints.read_layer(stored_file(row), "dense")
    assert left(filled, 4 * DAY, retain_jobs=0) == [LIVE]


def test_computations_images_and_idempotency_keys_go_after_days_of_their_own(filled: Filled) -> None:
    filled.compute(FIRST, now=5 * DAY)
    image = filled.upload_image(b"a picture")
    theirs = filled.upload_image(b"a picture", "ada")
    for path in (image, theirs):
        os.utime(filled.folder / "store" / path, (5 * DAY, 5 * DAY))
    settings = {"retain_computations_days": 1, "retain_images_days": 1, "retain_idempotency_keys_days": 1}

    def found() -> tuple[int, int, int, list[float]]:
        rows, files = filled.rows(), filled.files()
        results = [path for path in files if path.startswith("analysis/")]
        images = [path for path in files if path in (image, theirs)]
        keys = [key["created_at"] for key in rows["idempotency_keys"]]
        return len(rows["computations"]), len(results), len(images), keys

    left(filled, 4 * DAY, **settings)
    assert found() == (1, 1, 2, [3 * DAY])
    left(filled, 6 * DAY, **settings)
    assert found() == (1, 1, 2, [])
    assert left(filled, 6 * DAY + 1, **settings) == [FIRST, SECOND, CHILD, LIVE]
    assert found() == (0, 0, 0, [])


def test_the_service_does_it_by_itself(filled: Filled) -> None:
    filled.write(jobs.Claim(SECOND, 7, 1, jobs.JobSpec(dataset="mnist"), 0, 0.0), 9)
    settings = Settings(housekeeping_seconds=0.01, retain_jobs=1)
    housekeeping = Housekeeping(settings, filled.database, filled.checkpoints)
    housekeeping.start()
    wait_until(lambda: len(filled.paths()) == 3, "what is not kept to be gone")
    housekeeping.stop()
    assert sorted(job.id for job in job_queries.list_jobs(filled.database, limit=10)) == [CHILD, LIVE]


def test_what_was_told_of_changes_goes_after_so_many_days(filled: Filled) -> None:
    for day in (1, 2):
        audit.record(filled.database, f"day {day}", now=day * DAY)
    left(filled, 1e6 * DAY)
    assert len(audit.latest(filled.database, limit=10)) == 2
    left(filled, 11 * DAY + 1, retain_audit_days=10)
    assert [entry.action for entry in audit.latest(filled.database, limit=10)] == ["day 2"]
