"""A service's database and store that have seen everything, made by its own code without a training."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import obstore
from obstore.store import ObjectStore
from sqlalchemy import select

from cnnservice import audit, computations, job_queries, jobs, keys, publication, submission, sweeps
from cnnservice.computations import Question
from cnnservice.database.engine import Database
from cnnservice.database.tables import Base
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.incoming.reading import read_dataset
from cnnservice.datasets.uploads import image_path
from cnnservice.models import open_snapshot
from cnnservice.results import Result, put_result
from cnnservice.settings import Settings
from cnnservice.specs.job import ContinueFrom, JobSpec
from cnnservice.specs.keeping import Keep
from cnnservice.specs.sweep import SweepSpec
from cnnservice.sweeps import NewTrial
from cnnservice.weights import CheckpointStore, checkpoint_path

NOW = 1_700_000_000.0
DATASET = "mine"


ONE_LAYER = {"layers": [{"type": "flatten"}, {"type": "dense", "name": "dense", "units": 10, "activation": "softmax"}]}

SWEPT: dict[str, Any] = {
    "base": {"dataset": "mnist", "epochs": 3, "architecture": ONE_LAYER},
    "parameters": {"/seed": {"values": [1]}},
}


def identity(number: int) -> str:
    """A job's id."""
    return f"01990000-0000-7000-8000-{number:012d}"


ENDED, CHILD, RUNNING, WAITING, FAILED, TRIAL, SWEEP = map(identity, range(1, 8))


@dataclass(frozen=True)
class Filled:
    """Where it all is."""

    database: Database
    store: ObjectStore
    folder: Path

    @property
    def checkpoints(self) -> CheckpointStore:
        """Its checkpoints."""
        return CheckpointStore(self.store)

    @property
    def catalogue(self) -> Catalogue:
        """Its data sets."""
        return Catalogue(self.database, self.store, self.folder / "datasets")

    def files(self) -> dict[str, bytes]:
        """All that the store has."""
        return {path: bytes(obstore.get(self.store, path).bytes()) for path in self.paths()}

    def paths(self) -> list[str]:
        """Where all of that lies."""
        return sorted(entry["path"] for batch in obstore.list(self.store) for entry in batch)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All that the database has, in the order of the keys."""
        with self.database.read() as session:
            return {
                table.name: [
                    dict(row) for row in session.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                ]
                for table in Base.metadata.sorted_tables
            }

    def submit(self, job_id: str, *, now: float = NOW, **spec: Any) -> None:
        """A job that waits, with an idempotency key of its own."""
        asked = JobSpec.model_validate({"dataset": "mnist", "epochs": 3, "architecture": ONE_LAYER, **spec})
        submission.submit(self.database, asked, job_id=job_id, now=now, idempotency_key=f"key {job_id}")

    def claim(self, job_id: str, *, now: float = NOW) -> jobs.Claim:
        """A worker's claim to it."""
        attempt = job_queries.get(self.database, job_id).attempt
        claim = jobs.claim(self.database, job_id, attempt, owner="worker", now=now, lease_seconds=15)
        assert claim is not None
        return claim

    def write(self, claim: jobs.Claim, epoch: int) -> publication.EpochRecord:
        """The file of an epoch, which is not published yet."""
        seed = np.random.default_rng((claim.token, epoch))
        tensors = {
            "model/dense/0/kernel": seed.normal(size=(784, 10)).astype(np.float32),
            "model/dense/1/bias": seed.normal(size=10).astype(np.float32),
        }
        file = self.checkpoints.write(checkpoint_path(claim.job_id, claim.token, epoch), tensors, {"epoch": epoch})
        return publication.EpochRecord(epoch, file, {"loss": 1 / (epoch + 1)}, 0.5)

    def publish(self, claim: jobs.Claim, epoch: int, *, now: float = NOW, drop: tuple[int, ...] = ()) -> list[str]:
        """An epoch. Returns the paths of the files that were dropped for good."""
        record = self.write(claim, epoch)
        return publication.commit_epoch(self.database, claim, record, now=now, lease_seconds=15, drop=drop)

    def train(self, job_id: str, epochs: int, *, now: float = NOW) -> None:
        """To the end, from where it stands."""
        claim = self.claim(job_id, now=now)
        for epoch in range(claim.epochs_stored, epochs + 1):
            self.publish(claim, epoch, now=now)
        jobs.note_runtime(self.database, claim, {"tensorflow": "2.21"}, {"kind": "minus_one_one"})
        jobs.end(self.database, claim, "succeeded", now=now)

    def compute(self, model_id: str, *, now: float = NOW) -> str:
        """A long computation, done. Returns its id."""
        question = Question("top_images", [open_snapshot(self.database, model_id, "last")], {"layer": "dense"})
        made, _ = computations.submit(self.database, question, version="1", result_url="/v1", now=now, retry_seconds=0)
        claim = computations.claim_next(self.database, owner="worker", now=now, lease_seconds=15)
        assert claim is not None
        put_result(self.store, model_id, made.id, Result({"scores": np.arange(7.0)}, {"of": "dense"}))
        computations.succeed(self.database, claim, now=now)
        return made.id

    def upload_dataset(self, name: str, seed: int = 0) -> None:
        """Images of a client's own."""
        random = np.random.default_rng(seed)
        arrays: dict[str, Any] = {}
        for split in ("train", "test"):
            arrays[f"x_{split}"] = random.integers(0, 256, (12, 8, 8), dtype=np.uint8)
            arrays[f"y_{split}"] = np.arange(12) % 3
        packed = BytesIO()
        np.savez(packed, **arrays)
        with tempfile.TemporaryDirectory(dir=self.folder) as incoming:
            folder = Path(incoming) / "arrays"
            folder.mkdir()
            self.catalogue.add(name, read_dataset(packed, folder, Settings()), folder, now=NOW)

    def upload_image(self, content: bytes, owner: str | None = None) -> str:
        """A picture, as if it were one. Returns its path."""
        path = image_path(hashlib.sha256(content).hexdigest(), owner)
        obstore.put(self.store, path, content)
        return path


def fill(filled: Filled) -> None:
    """Jobs in every state, one going on from another, dropped epochs, a sweep, a computation, a data set, images."""
    filled.submit(ENDED, tags=("a", "b"))
    filled.train(ENDED, 3)
    filled.submit(CHILD, continue_from=ContinueFrom(model_id=ENDED, epoch=2), epochs=2)
    filled.train(CHILD, 4)
    filled.submit(RUNNING, keep=Keep(last=1))
    claim = filled.claim(RUNNING)
    filled.publish(claim, 0)
    filled.checkpoints.delete(filled.publish(claim, 1, drop=(0,)))
    filled.submit(WAITING)
    filled.submit(FAILED)
    error = {"code": "diverged", "detail": "The loss is no longer a number."}
    jobs.end(filled.database, filled.claim(FAILED), "failed", now=NOW, error=error)
    filled.compute(ENDED)
    filled.upload_dataset(DATASET)
    filled.upload_image(b"a picture")
    filled.upload_image(b"one of hers", "ada")
    spec = SweepSpec.model_validate(SWEPT)
    trial = NewTrial({"/seed": 1}, JobSpec.model_validate({**SWEPT["base"], "seed": 1}), None)
    sweeps.submit(filled.database, spec, [trial], sweep_id=SWEEP, new_id=lambda: TRIAL, now=NOW)
    key, _ = keys.create(filled.database, "ada", "train", now=NOW)
    audit.record(filled.database, "POST /v1/jobs", now=NOW, owner="ada", key_id=key.id)
