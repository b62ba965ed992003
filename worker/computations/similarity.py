"""How alike layers are, of one model or two, or one layer at several epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnservice.representations.similarity import Centred, centred, similarity_matrix
from cnnservice.results import Result
from cnnservice.spread import spread
from worker.computations.work import Work
from worker.samples import test_split


def similarity(work: Work) -> Result:
    """Linear CKA of each of the argument `rows` with each of `columns`, over so many `images` of the test split.

    Both are objects of `model_id`, `epochs` and `layers`, and stand for every layer at every epoch; where columns is
    null they are the rows. Of two models that were tested on different numbers of images, those that both were.
    values (rows, columns) float64, NaN where a representation is like nothing.
    """
    rows, columns = work.arguments["rows"], work.arguments["columns"]
    sides = [rows] if columns is None else [rows, columns]
    tested = [work.snapshot(side["epochs"][0], side["model_id"]).spec.test_samples for side in sides]
    indices = np.array(spread(range(min(tested)), int(work.arguments["images"])))
    total = sum(len(side["epochs"]) * len(side["layers"]) for side in sides)
    done = 0

    def tell(share: float, what: str) -> None:
        work.report((done + share) / total, what)

    prepared: list[list[Centred]] = []
    for side in sides:
        prepared.append([])
        for epoch in side["epochs"]:
            for layer in side["layers"]:
                prepared[-1].append(_prepare(work, side, epoch, layer, indices, tell))
                done += 1
    return Result({"values": similarity_matrix(prepared[0], prepared[-1])})


def _prepare(
    work: Work,
    side: Mapping[str, Any],
    epoch: int,
    layer: str,
    indices: np.ndarray[Any, np.dtype[np.int64]],
    tell: Callable[[float, str], None],
) -> Centred:
    from cnnservice.nn.representations import representation

    snapshot = work.snapshot(epoch, side["model_id"])
    images, _ = test_split(work.parts, snapshot)

    def progress(seen: int) -> None:
        tell(seen / len(indices), f"layer {layer} at epoch {epoch}: image {seen} of {len(indices)}")

    return centred(representation(work.model(snapshot), images[indices], layer, progress=progress))
