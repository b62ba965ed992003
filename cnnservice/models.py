"""A model as something to look into: its spec, its epochs, and the weights of one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

from numpy.typing import NDArray

from cnnservice import job_errors, job_queries
from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, Job
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.datasets.registry import DATASETS
from cnnservice.datasets.uploaded import dataset_of
from cnnservice.errors import NotFoundError
from cnnservice.specs.architecture import Architecture, LayerSummary, Summary, summarize
from cnnservice.specs.job import JobSpec, resolve
from cnnservice.weights import CheckpointStore, StoredFile

EpochName = int | Literal["last"]


class UnknownLayer(NotFoundError):
    """The model has no layer of this name."""

    code = "unknown-layer"
    title = "Unknown layer"

    def __init__(self, layer: str, known: list[str]) -> None:
        super().__init__(f"The model has no layer {layer!r}; its layers are {', '.join(known)}.")


class Design:
    """What a job's spec says of its model. It never changes, so that it is read once and its shapes are found once."""

    def __init__(self, job: Job) -> None:
        self.spec = JobSpec.model_validate(job.spec)
        self.dataset: Dataset = (
            dataset_of(job.dataset, job.dataset_record) if job.dataset_record else DATASETS[job.dataset]
        )

    @cached_property
    def architecture(self) -> Architecture:
        """The layers, a preset's name looked up."""
        return resolve(self.spec.architecture, self.dataset.shape, len(self.dataset.classes))

    @cached_property
    def summary(self) -> Summary:
        """Shapes and parameters, layer by layer."""
        return summarize(self.architecture, self.dataset.shape)

    @cached_property
    def layers(self) -> dict[str, LayerSummary]:
        """The summary's layers by name."""
        return {layer.name: layer for layer in self.summary.layers}


@dataclass(frozen=True)
class _ById:
    """A job that equals itself as it was when it was read before."""

    job_id: str
    job: Job = field(compare=False, repr=False)


@lru_cache(maxsize=256)
def _design(job: _ById) -> Design:
    return Design(job.job)


@dataclass(frozen=True)
class Snapshot:
    """A model at one of its epochs."""

    job: Job
    epoch: int
    row: Epoch

    def at(self, row: Epoch) -> Snapshot:
        """The same model at another of its epochs."""
        return Snapshot(self.job, row.epoch, row)

    @property
    def design(self) -> Design:
        """What its spec says."""
        return _design(_ById(self.job.id, self.job))

    @property
    def spec(self) -> JobSpec:
        """The job as it was asked for."""
        return self.design.spec

    @property
    def architecture(self) -> Architecture:
        """The layers, a preset's name looked up."""
        return self.design.architecture

    @property
    def dataset(self) -> Dataset:
        """What it was trained on."""
        return self.design.dataset

    @property
    def file(self) -> StoredFile:
        """Where its weights are. Raises EpochNotKept."""
        self.check_kept()
        return stored_file(self.row)

    def check_kept(self) -> None:
        """Raises EpochNotKept when its weights are not there."""
        if not self.row.kept:
            raise job_errors.EpochNotKept(self.job.id, self.epoch, self.job.spec["keep"])

    @property
    def normalizer(self) -> Normalizer:
        """How the images it was trained on were normalised."""
        # A job of before there was a choice has no record.
        return Normalizer.from_record(self.job.normalizer) if self.job.normalizer else Normalizer("minus_one_one")

    @property
    def identity(self) -> str:
        """A name for exactly these weights: no other epoch, and no other run of it, has it."""
        return f"{self.row.path} {self.row.header_sha256}"

    def summary(self) -> Summary:
        """Shapes and parameters, layer by layer."""
        return self.design.summary

    def layer(self, name: str) -> LayerSummary:
        """One layer's summary. Raises UnknownLayer."""
        layers = self.design.layers
        if name not in layers:
            raise UnknownLayer(name, list(layers))
        return layers[name]


def open_snapshot(database: Database, model_id: str, epoch: EpochName) -> Snapshot:
    """A model at an epoch. Raises UnknownJob, UnknownEpoch."""
    job, row = job_queries.get_with_epoch(database, model_id, None if epoch == "last" else epoch)
    if row is None:
        raise job_errors.UnknownEpoch(model_id, epoch, job.epochs_stored)
    return Snapshot(job, row.epoch, row)


def stored_file(row: Epoch) -> StoredFile:
    """Where an epoch's checkpoint is."""
    return StoredFile(row.path, row.size, row.header_size, row.header_sha256)


def layer_weights(store: CheckpointStore, snapshot: Snapshot, layer: str) -> list[tuple[str, NDArray[Any]]]:
    """A layer's weights by name, in Keras' order, read from the store alone. Raises UnknownLayer, DamagedFile."""
    snapshot.layer(layer)
    return list(store.read_layer(snapshot.file, layer).items())
