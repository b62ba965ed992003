"""What the holder of a claim writes, as calls to be made again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

from cnnservice import jobs, publication
from cnnservice.database.engine import Database
from cnnservice.weights import StoredFile, checkpoint_path

LEASE_SECONDS = 86400.0
_METRICS = {
    "loss": 0.12345678901234567,
    "categorical_accuracy": 0.9612345678901234,
    "val_loss": 0.13345678901234567,
    "val_categorical_accuracy": 0.9562345678901234,
}


def heartbeats(database: Database, claim: jobs.Claim) -> Callable[[], None]:
    """Each call renews the lease."""

    def beat() -> None:
        jobs.heartbeat(
            database, claim, now=time.time(), lease_seconds=LEASE_SECONDS, epoch_progress=0.5, running_seconds=1.0
        )

    return beat


def commits(database: Database, claim: jobs.Claim) -> Callable[[], None]:
    """Each call publishes one more epoch; nothing is in the store."""
    epochs = count(claim.epochs_stored)

    def commit() -> None:
        epoch = next(epochs)
        file = StoredFile(checkpoint_path(claim.job_id, claim.token, epoch), 624_312, 1_880, "5f" * 32)
        record = publication.EpochRecord(epoch, file, _METRICS, 1.8)
        publication.commit_epoch(database, claim, record, now=time.time(), lease_seconds=LEASE_SECONDS)

    return commit
