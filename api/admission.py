"""What is asked of a job before it is queued, by itself or as one of a sweep's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.continuing import CannotGoOn, check_fits, going_on
from api.services import Services
from cnnservice.datasets.arrays import check_samples
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import TooManySamples, UnknownDataset
from cnnservice.datasets.uploaded import record_of
from cnnservice.errors import FieldError, InvalidError
from cnnservice.job_errors import EpochNotKept, UnknownEpoch, UnknownJob
from cnnservice.specs.errors import BadSetting, ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.job import JobSpec, check_job, stored_bytes
from cnnservice.specs.presets.registry import UnknownPreset

# What a job may be refused for, by admitted() or when it is stored.
REFUSED = (
    InvalidError, CannotGoOn, TooManySamples, UnknownPreset, ImpossibleArchitecture, LimitExceeded, BadSetting,
    UnknownDataset, UnknownJob, UnknownEpoch, EpochNotKept,
)  # fmt: skip


@dataclass(frozen=True)
class Admitted:
    """A job that may be queued: its spec with nothing left open, and what tells an uploaded data set.

    planned_bytes are those that its weights may come to take.
    """

    spec: JobSpec
    dataset_record: dict[str, Any] | None
    planned_bytes: int


def admitted(spec: JobSpec, services: Services) -> Admitted:
    """Complete a job's spec and hold it against its data set, its parent and the limits. Raises what REFUSED says."""
    dataset, complete = _complete(spec, services)
    check_samples(dataset, train_samples=complete.train_samples, test_samples=complete.test_samples)
    summary = check_job(complete, dataset.shape, len(dataset.classes), services.settings)
    check_fits(complete, summary, services.database)
    return Admitted(complete, record_of(dataset), stored_bytes(complete, summary))


def _complete(spec: JobSpec, services: Services) -> tuple[Dataset, JobSpec]:
    """The data set, and the spec with what it leaves open: a small data set is by default taken whole."""
    going = going_on(spec, services.database)
    try:
        dataset = services.catalogue.get(going.dataset)
    except UnknownDataset as error:
        raise InvalidError(error.detail, errors=(FieldError("/dataset", error.detail),)) from None
    sizes = {"train_samples": dataset.splits["train"], "test_samples": dataset.splits["test"]}
    smaller = {
        name: size
        for name, size in sizes.items()
        if name not in spec.model_fields_set and spec.continue_from is None and getattr(going, name) > size
    }
    return dataset, going.model_copy(update=smaller)
