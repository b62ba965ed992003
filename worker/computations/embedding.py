"""The test images as points in the plane, as a layer represents them, by epoch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cnnservice.errors import InvalidError
from cnnservice.representations.alignment import aligned
from cnnservice.representations.projection import project
from cnnservice.representations.separability import separability
from cnnservice.results import Result
from cnnservice.specs.embedding import Projection
from cnnservice.spread import spread
from worker.computations.work import Work
from worker.samples import test_split

# Of an epoch's work, what comes before the projection.
_FORWARD = 0.3


class NotFinite(InvalidError):
    """The layer's outputs are no numbers: training has diverged."""

    code = "representation-not-finite"
    title = "Representation is not finite"

    def __init__(self, layer: str, epoch: int) -> None:
        super().__init__(
            f"Layer {layer!r} has outputs at epoch {epoch} that are infinite or no numbers; there is no plane for "
            "them. Ask for an earlier epoch."
        )


def embedding(work: Work) -> Result:
    """Of the layer at the argument `layer`, at each of `epochs`, by `projection`, of `images` of the test split.

    points (epochs, images, 2) float32; explained (epochs, 2), silhouette and neighbor_accuracy (epochs,) float64, NaN
    where there is none; indices (images,) int64 into the test split, and their labels (images,). Raises NotFinite.

    The last epoch comes first, as its still picture. Each before it begins from the points of the one after it, and
    is turned to lie nearest to them: else a method's own chance, and the order of two components of like variance,
    would move points more than training does.
    """
    epochs = [int(epoch) for epoch in work.arguments["epochs"]]
    projection = Projection.model_validate(work.arguments["projection"])
    images, one_hot = test_split(work.parts, work.snapshot(epochs[-1]))
    indices = np.array(spread(range(len(images)), int(work.arguments["images"])))
    images, labels = images[indices], one_hot[indices].argmax(axis=1)
    points: list[NDArray[np.float32]] = []
    numbers: list[list[float]] = []
    for done, epoch in enumerate(reversed(epochs)):

        def tell(share: float, what: str, done: int = done, epoch: int = epoch) -> None:
            work.report((done + share) / len(epochs), f"epoch {epoch}: {what}")

        outputs = _outputs(work, epoch, images, tell)
        first = ", which takes longer the first time in a worker" if not done and projection.method == "umap" else ""
        tell(_FORWARD, f"{projection.method}{first}")
        laid = project(outputs, projection, points[-1] if points else None)
        points.append(aligned(laid.points, points[-1]) if points else laid.points)
        apart = separability(outputs, labels)
        explained = [np.nan, np.nan] if laid.explained is None else laid.explained.tolist()
        numbers.append([*explained, *map(_number, (apart.silhouette, apart.neighbor_accuracy))])
    by_epoch = np.array(numbers[::-1])
    return Result(
        {
            "points": np.array(points[::-1]),
            "explained": by_epoch[:, :2],
            "silhouette": by_epoch[:, 2],
            "neighbor_accuracy": by_epoch[:, 3],
            "indices": indices,
            "labels": labels,
        }
    )


def _outputs(
    work: Work, epoch: int, images: NDArray[np.float32], tell: Callable[[float, str], None]
) -> NDArray[np.float32]:
    from cnnservice.nn.representations import representation

    layer = str(work.arguments["layer"])

    def progress(seen: int) -> None:
        tell(_FORWARD * seen / len(images), f"image {seen} of {len(images)}")

    outputs = representation(work.model(work.snapshot(epoch)), images, layer, progress=progress)
    if not np.isfinite(outputs).all():
        raise NotFinite(layer, epoch)
    return outputs


def _number(value: float | None) -> float:
    return np.nan if value is None else value
