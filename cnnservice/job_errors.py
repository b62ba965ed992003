"""What may be wrong with the job or the epoch that a request names."""

from __future__ import annotations

import json
from typing import Any, Literal

from cnnservice.errors import ConflictError, NotFoundError


class UnknownJob(NotFoundError):
    """No job has this id."""

    code = "unknown-job"
    title = "Unknown job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job or model {job_id!r}; GET /v1/jobs lists those there are.")


class UnknownEpoch(NotFoundError):
    """No such epoch is stored, or not yet."""

    code = "unknown-epoch"
    title = "Unknown epoch"

    def __init__(self, model_id: str, epoch: int | Literal["last"], stored: int) -> None:
        have = f"stored are 0 to {stored - 1}" if stored else "none is stored yet; the job has not begun"
        super().__init__(f"Model {model_id} has no epoch {epoch}: {have}. Use a number among these or 'last'.")


class EpochNotKept(NotFoundError):
    """The epoch was trained, and its weights were dropped, as the job's `keep` says."""

    code = "epoch-not-kept"
    title = "Epoch not kept"

    def __init__(self, model_id: str, epoch: int, keep: dict[str, Any]) -> None:
        said = {name: value for name, value in keep.items() if value is not None}
        super().__init__(
            f"The weights of epoch {epoch} of model {model_id} were not kept: its job says keep {json.dumps(said)}. "
            f"epochs_available of GET /v1/models/{model_id} lists those that are there."
        )


class AlreadyEnded(ConflictError):
    """A job that has ended cannot be cancelled."""

    code = "already-ended"
    title = "Job has ended"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job {job_id} has {status} already; only a queued or running job can be cancelled.")


class StillLive(ConflictError):
    """A job that has not ended cannot be deleted."""

    code = "still-live"
    title = "Job has not ended"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job {job_id} is {status}; cancel it and wait for its end before deleting it.")


class KeyReused(ConflictError):
    """An idempotency key came with another body."""

    code = "idempotency-key-reused"
    title = "Idempotency key reused"

    def __init__(self, key: str, job_id: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} made job {job_id} from another body; use a new key for a new job.")
