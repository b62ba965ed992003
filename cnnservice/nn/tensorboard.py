"""A training as TensorBoard shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cnnservice.database.tables import Epoch
from cnnservice.drawing.grid import draw_slices, layout
from cnnservice.drawing.slices import drawable_weights, kernel_planes, kernel_slices, weight_name
from cnnservice.models import Snapshot
from cnnservice.nn.event_file import EventFile

# In one picture; of a layer of more filters, the first.
_TILES = 64

Layers = Mapping[str, Mapping[str, NDArray[Any]]]


def write_tensorboard(
    folder: Path, snapshot: Snapshot, epochs: Sequence[Epoch], shown: Sequence[Epoch], read: Callable[[Epoch], Layers]
) -> None:
    """Write two runs, `train` and `validation`, below the model's id, with curves named as Keras' own callback does.

    epochs have the metrics, from 1 on. Of those that are shown, read gives the weights by layer and name, to be seen
    as histograms and filters. Raises what read raises.
    """
    place, began = folder / snapshot.job.id, snapshot.job.started_at or snapshot.job.created_at
    with EventFile(place / "train", began) as training, EventFile(place / "validation", began) as validation:
        training.text("spec", f"```\n{snapshot.spec.model_dump_json(indent=1)}\n```", 0, began)
        for row in epochs:
            for name, value in row.metrics.items():
                run = validation if name.startswith("val_") else training
                run.scalar(f"epoch_{name.removeprefix('val_')}", value, row.epoch, row.created_at)
            training.scalar("epoch_seconds", row.seconds, row.epoch, row.created_at)
        for row in shown:
            for layer, arrays in read(row).items():
                for name, array in arrays.items():
                    training.histogram(f"{layer}/{name}", array, row.epoch, row.created_at)
                _draw_filters(training, snapshot, layer, arrays, row)


def _draw_filters(
    run: EventFile, snapshot: Snapshot, layer: str, arrays: Mapping[str, NDArray[Any]], row: Epoch
) -> None:
    kind = snapshot.layer(layer).type
    if not drawable_weights(kind):
        return
    weight = weight_name(kind, None)
    kernel, read_from = arrays[weight], snapshot.summary().image_read_by(layer)
    slices = kernel_slices(kernel, kind=kind, weight=weight, image_shape=read_from)[:_TILES]
    plan = layout(*slices.shape[:3], planes=kernel_planes(kernel))
    png = draw_slices(slices, plan, normalize="layer")
    run.picture(f"{layer}/filters", png, plan.width, plan.height, row.epoch, row.created_at)
