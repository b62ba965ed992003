"""What a row names is never deleted, whatever is written, published, dropped and deleted in between; all else is.

A round of collecting is played in its three steps, listing, asking and deleting, with anything else between them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from obstore.store import LocalStore

from cnnservice import job_errors, job_queries, jobs, publication
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.keeping.deletion import remove_job
from cnnservice.keeping.garbage import File, collect_garbage, listed, unnamed_checkpoints
from cnnservice.keeping.leftovers import clear_leftovers
from cnnservice.specs.job import ContinueFrom
from filled import Filled, identity

FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None
DAY = 86400.0


@cache
def new_file() -> bytes:
    """An SQLite file with nothing in its tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.db"
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.close()
        return path.read_bytes()


Written = tuple[jobs.Claim, publication.EpochRecord]


ACTIONS = [
    "begin", "go_on", "end", "lose_all_and_claim_again", "delete", "upload_data", "delete_data",
    "list_them", "ask", "delete_them", "collect",
]  # fmt: skip


class Collecting(RuleBasedStateMachine):
    """Workers, who may have lost their jobs, a client who deletes and goes on, and one who clears away."""

    @initialize()
    def begin_all(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER))
        (self.folder / "jobs.db").write_bytes(new_file())
        database = Database(f"sqlite:///{self.folder / 'jobs.db'}")
        self.filled = Filled(database, LocalStore(self.folder / "store", mkdir=True), self.folder)
        self.numbers, self.now = iter(range(1, 1000)), 0.0
        self.claims: list[jobs.Claim] = []
        self.listing: list[File] = []
        self.verdict: list[File] = []
        self.begin()

    def teardown(self) -> None:
        self.filled.database.close()
        shutil.rmtree(self.folder)

    @rule(
        number=st.integers(0, 5),
        between=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), max_size=3),
        drop=st.sets(st.integers(0, 3)),
    )
    def write_and_publish(self, number: int, between: list[tuple[str, int]], drop: set[int]) -> None:
        claim = self.claims[number % len(self.claims)]
        if not job_queries.existing(self.filled.database, [claim.job_id]):
            return
        record = self.filled.write(claim, job_queries.get(self.filled.database, claim.job_id).epochs_stored)
        for action, at in between:
            self.act(action, at)
        with contextlib.suppress(jobs.LeaseLost):
            dropped = publication.commit_epoch(
                self.filled.database, claim, record, now=self.now, lease_seconds=15, drop=drop - {record.epoch}
            )
            self.filled.checkpoints.delete(dropped)

    @rule(action=st.sampled_from(ACTIONS), number=st.integers(0, 5))
    def act(self, action: str, number: int) -> None:
        do = getattr(self, action)
        with contextlib.suppress(jobs.LeaseLost, job_errors.StillLive, UnknownDataset):
            do(number) if action in ("go_on", "end", "delete") else do()

    def _job(self, number: int) -> str | None:
        there = [job.id for job in job_queries.list_jobs(self.filled.database, limit=100)]
        return there[number % len(there)] if there else None

    def begin(self) -> None:
        job_id = identity(next(self.numbers))
        self.filled.submit(job_id)
        self.claims.append(self.filled.claim(job_id, now=self.now))

    def go_on(self, number: int) -> None:
        parent = self._job(number)
        if parent is None or not (kept := job_queries.kept_epochs(self.filled.database, parent)):
            return
        job_id = identity(next(self.numbers))
        self.filled.submit(job_id, continue_from=ContinueFrom(model_id=parent, epoch=max(kept)))
        self.claims.append(self.filled.claim(job_id, now=self.now))

    def end(self, number: int) -> None:
        jobs.end(self.filled.database, self.claims[number % len(self.claims)], "succeeded", now=self.now)

    def lose_all_and_claim_again(self) -> None:
        self.now += 60
        lost = jobs.recover_expired(self.filled.database, now=self.now, attempt_limit=1000)
        self.claims += [self.filled.claim(job.id, now=self.now) for job in lost]

    def delete(self, number: int) -> None:
        if (job_id := self._job(number)) is not None:
            remove_job(self.filled.database, self.filled.checkpoints, job_id)

    def upload_data(self) -> None:
        self.filled.upload_dataset("mine")

    def delete_data(self) -> None:
        self.filled.catalogue.remove("mine", now=self.now)

    def list_them(self) -> None:
        self.listing = [file for files in listed(self.filled.store, "models/") for file in files]

    def ask(self) -> None:
        self.verdict = unnamed_checkpoints(self.filled.database, self.listing)

    def delete_them(self) -> None:
        self.filled.checkpoints.delete([file.path for file in self.verdict])

    def collect(self) -> None:
        collect_garbage(self.filled.database, self.filled.checkpoints, delete=True)
        assert collect_garbage(self.filled.database, self.filled.checkpoints, delete=False) == []
        rows = self.filled.rows()
        named = {row["path"] for row in rows["epochs"] if row["kept"]}
        live = {f"models/{job['id']}/t{job['fencing_token']}/" for job in rows["jobs"] if job["status"] == "running"}
        left = {path for path in self.filled.paths() if path.startswith("models/")} - named
        assert all(path.startswith(tuple(live)) for path in left), "all else is gone"

    @invariant()
    def what_is_named_is_there(self) -> None:
        rows, paths = self.filled.rows(), set(self.filled.paths())
        assert {row["path"] for row in rows["epochs"] if row["kept"]} <= paths
        for row in rows["uploaded_datasets"]:
            if row["deleted_at"] is None:
                assert {f"datasets/{row['sha256']}/{key}.npy" for key in row["record"]["files"]} <= paths


TestCollecting = Collecting.TestCase
TestCollecting.settings = settings(
    max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_what_processes_left_when_they_were_killed_is_deleted_a_day_later(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    filled = Filled(database, LocalStore(tmp_path / "store", mkdir=True), tmp_path)
    filled.upload_dataset("mine")
    (copy,) = (tmp_path / "datasets" / "uploads").iterdir()
    staged = tmp_path / "store" / "models" / "a" / "t1" / "epoch-00001.safetensors#3"
    whole = staged.with_name("epoch-00001.safetensors")
    incoming = tmp_path / "datasets" / ".incoming-x"
    without_name = copy.with_name("0" * 64)
    for folder in (staged.parent, incoming, without_name):
        folder.mkdir(parents=True)
    for file in (staged, whole, incoming / "arrays.npy"):
        file.write_bytes(b"half")
    left = {staged, incoming, without_name}
    for path in (*left, copy, whole):
        os.utime(path, (0, 0))

    def clear(now: float, *, delete: bool) -> set[Path]:
        return set(clear_leftovers(database, filled.store, tmp_path / "datasets", now=now, delete=delete))

    assert clear(DAY - 1, delete=True) == set()
    assert clear(DAY, delete=False) == left
    assert all(path.exists() for path in left)
    assert clear(DAY, delete=True) == left
    assert [path.exists() for path in (*left, copy, whole)] == [False, False, False, True, True]
    database.close()
