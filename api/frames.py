"""The epochs that an animation shows, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass

from api.services import Services
from cnnservice import job_queries
from cnnservice.database.tables import Epoch
from cnnservice.models import Snapshot
from cnnservice.spread import spread


@dataclass(frozen=True)
class ShownEpochs:
    """Epochs in their order; note says which they are, where they are not all."""

    rows: list[Epoch]
    note: str


def shown_epochs(services: Services, snapshot: Snapshot) -> ShownEpochs:
    """Those up to the snapshot's whose weights were kept; of more than an animation may have, some, evenly spread."""
    kept = job_queries.list_epochs(services.database, snapshot.job.id, up_to=snapshot.epoch, kept=True)
    rows = spread(kept, services.settings.max_animation_frames)
    return ShownEpochs(rows, _note(len(rows), len(kept), snapshot.epoch + 1))


def caption(row: Epoch) -> str:
    """How good the network is at an epoch."""
    names = {"loss": "loss", "categorical_accuracy": "accuracy", "val_categorical_accuracy": "validation accuracy"}
    if row.epoch == 0:
        return "before training"
    return " · ".join(f"{label} {row.metrics[name]:.3f}" for name, label in names.items() if name in row.metrics)


def _note(shown: int, kept: int, there: int) -> str:
    if shown == there:
        return ""
    which = ", those whose weights were kept" if shown == kept else ", evenly spread"
    return f"{shown} of {there} epochs are shown{which}."
