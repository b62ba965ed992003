"""What every long computation is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnnservice.models import Snapshot, open_snapshot
from worker.app import Resources

if TYPE_CHECKING:
    from cnnservice.nn.inference import WarmModel


@dataclass(frozen=True)
class Work:
    """One computation: the model it belongs to, and its arguments, which are JSON.

    report(progress, message) tells how far it is (0..1) and what is done now. To be called often: it raises Stopped
    when the computation is to end, and is written down a few times a second at most.
    """

    parts: Resources
    model_id: str
    arguments: Mapping[str, Any]
    report: Callable[[float, str], None]
    _models: dict[str, WarmModel] = field(default_factory=dict, repr=False)

    def snapshot(self, epoch: int | None = None, model_id: str | None = None) -> Snapshot:
        """A model at an epoch: by default this one, at the argument `epoch`. Raises UnknownJob, UnknownEpoch."""
        number = self.arguments["epoch"] if epoch is None else epoch
        return open_snapshot(self.parts.database, self.model_id if model_id is None else model_id, number)

    def model(self, snapshot: Snapshot) -> WarmModel:
        """A network with the weights of a snapshot. Raises EpochNotKept, DamagedFile, StoreUnavailable.

        There is one of each architecture, which takes on other weights when another snapshot of it is asked for.
        """
        from cnnservice.nn.inference import WarmModel

        shape = snapshot.summary().input_shape
        built = f"{shape} {snapshot.architecture.model_dump_json()}"
        if built not in self._models:
            self._models[built] = WarmModel(snapshot.architecture, shape)
        model, file = self._models[built], snapshot.file
        model.load(file.path, lambda: self.parts.store.read(file, model.variables))
        return model
