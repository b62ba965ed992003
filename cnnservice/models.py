"""A model as something to look into: its spec, its epochs, and the weights of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from cnnservice import jobs
from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, Job
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.datasets.registry import DATASETS
from cnnservice.datasets.uploaded import dataset_of
from cnnservice.errors import NotFoundError
from cnnservice.specs.architecture import Architecture, LayerSummary, Summary, summarize
from cnnservice.specs.job import JobSpec, resolve
from cnnservice.weights import CheckpointStore, StoredFile, TensorEntry, layer_tensors, variable_name

EpochName = int | Literal["last"]


class UnknownLayer(NotFoundError):
    """The model has no layer of this name."""

    code = "unknown-layer"
    title = "Unknown layer"

    def __init__(self, layer: str, known: list[str]) -> None:
        super().__init__(f"The model has no layer {layer!r}; its layers are {', '.join(known)}.")


@dataclass(frozen=True)
class Snapshot:
    """A model at one of its epochs."""

    job: Job
    spec: JobSpec
    epoch: int
    row: Epoch

    @property
    def file(self) -> StoredFile:
        """Where its weights are. Raises EpochNotKept."""
        self.check_kept()
        return stored_file(self.row)

    def check_kept(self) -> None:
        """Raises EpochNotKept when its weights are not there."""
        if not self.row.kept:
            raise jobs.EpochNotKept(self.job.id, self.epoch, self.job.spec["keep"])

    @property
    def architecture(self) -> Architecture:
        """The layers, a preset's name looked up."""
        return resolve(self.spec.architecture, self.dataset.shape, len(self.dataset.classes))

    @property
    def dataset(self) -> Dataset:
        """What it was trained on."""
        record = self.job.dataset_record
        return dataset_of(self.job.dataset, record) if record else DATASETS[self.job.dataset]

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
        return summarize(self.architecture, self.dataset.shape)

    def layer(self, name: str) -> LayerSummary:
        """One layer's summary. Raises UnknownLayer."""
        layers = {layer.name: layer for layer in self.summary().layers}
        if name not in layers:
            raise UnknownLayer(name, list(layers))
        return layers[name]


def open_snapshot(database: Database, model_id: str, epoch: EpochName) -> Snapshot:
    """A model at an epoch. Raises UnknownJob, UnknownEpoch."""
    job = jobs.get(database, model_id)
    number = job.epochs_stored - 1 if epoch == "last" else epoch
    row = jobs.get_epoch(database, model_id, number)
    if row is None:
        raise jobs.UnknownEpoch(model_id, epoch, job.epochs_stored)
    return Snapshot(job, JobSpec.model_validate(job.spec), number, row)


def stored_file(row: Epoch) -> StoredFile:
    """Where an epoch's checkpoint is."""
    return StoredFile(row.path, row.size, row.header_size, row.header_sha256)


def layer_weights(store: CheckpointStore, snapshot: Snapshot, layer: str) -> list[tuple[str, NDArray[Any]]]:
    """A layer's weights by name, in Keras' order, read from the store alone. Raises UnknownLayer, DamagedFile."""
    snapshot.layer(layer)
    entries: list[TensorEntry] = layer_tensors(store.header(snapshot.file), layer)
    arrays = store.read(snapshot.file, [entry.name for entry in entries])
    return [(variable_name(entry), arrays[entry.name]) for entry in entries]
