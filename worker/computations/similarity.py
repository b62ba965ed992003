"""How alike layers are, of one model or two, or one layer at several epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    splits = [test_split(work.parts, work.snapshot(side["epochs"][0], side["model_id"]))[0] for side in sides]
    indices = np.array(spread(range(min(map(len, splits))), int(work.arguments["images"])))
    total = sum(len(side["epochs"]) * len(side["layers"]) for side in sides)
    done = 0

    def tell(share: float, what: str) -> None:
        work.report((done + share) / total, what)

    prepared: list[list[Centred]] = []
    for side, split in zip(sides, splits, strict=True):
        images = split[indices]
        prepared.append([])
        for epoch in side["epochs"]:
            for layer in side["layers"]:
                prepared[-1].append(_prepare(work, side, epoch, layer, images, tell))
                done += 1
    return Result({"values": similarity_matrix(prepared[0], prepared[-1])})


def _prepare(
    work: Work,
    side: Mapping[str, Any],
    epoch: int,
    layer: str,
    images: NDArray[np.float32],
    tell: Callable[[float, str], None],
) -> Centred:
    from cnnservice.nn.representations import representation

    def progress(seen: int) -> None:
        tell(seen / len(images), f"layer {layer} at epoch {epoch}: image {seen} of {len(images)}")

    model = work.model(work.snapshot(epoch, side["model_id"]))
    return centred(representation(model, images, layer, progress=progress))
