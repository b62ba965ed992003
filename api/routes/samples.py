"""Images of a data set to look through: as a grid, and by reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.caching import Conditional
from api.drawn import draw_images
from api.json_answer import JsonAnswer
from api.problem_groups import IMAGES
from api.problem_types import DATABASE
from api.problems import NOT_MODIFIED, problems
from api.schemas import Grid
from api.services import Services, ServicesDep
from api.sheets import check_picture
from cnnservice.datasets.arrays import DatasetArrays
from cnnservice.datasets.errors import ClassOutOfRange, IndexOutOfRange, UnknownDataset
from cnnservice.drawing.grid import Layout, layout
from cnnservice.errors import InvalidError
from cnnservice.specs.drawing import SampleDrawing
from cnnservice.specs.errors import LimitExceeded

router = APIRouter(prefix="/v1/datasets/{name}/{split}", tags=["datasets"])
Split = Literal["train", "test"]
_RESPONSES = {
    **NOT_MODIFIED,
    **problems(*IMAGES, InvalidError, UnknownDataset, ClassOutOfRange, IndexOutOfRange, LimitExceeded, DATABASE),
}


class SampleEntry(JsonAnswer):
    """One image of the grid."""

    image: str = Field(description="its reference")
    url: str
    index: int = Field(description="in its split")
    label: int
    class_name: str


class SampleSheet(JsonAnswer):
    """The images of a grid, in its order."""

    dataset: str
    split: Split
    total: int = Field(description="images to choose from here: of the split, or of its class")
    grid: Grid
    items: list[SampleEntry]


@dataclass(frozen=True)
class _Samples:
    """Images chosen from a split, by index, of so many, and where each lies."""

    arrays: DatasetArrays
    split: str
    indices: Sequence[int]
    total: int
    plan: Layout


@router.get(
    "/images.png",
    summary="A grid of sample images",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
def draw_samples_png(
    name: str, split: Split, query: Annotated[SampleDrawing, Query()], request: Request, services: ServicesDep
) -> Response:
    """rows*cols images from `start`, or as many at random with `seed`. With `labels`, the class below each."""
    samples, conditional = _choose(name, split, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    arrays, chosen = samples.arrays, list(samples.indices)
    check_picture(samples.plan, len(chosen), services.settings)
    classes = arrays.dataset.classes
    labels = [classes[label] for label in arrays.labels(split)[chosen]] if query.labels else None
    return conditional.respond(draw_images(arrays.images(split)[chosen], samples.plan, labels=labels), "image/png")


@router.get(
    "/images.json",
    summary="The images of a grid, by reference",
    response_model=SampleSheet,
    responses=_RESPONSES,
)
def get_samples(
    name: str, split: Split, query: Annotated[SampleDrawing, Query()], request: Request, services: ServicesDep
) -> Response:
    """Which images `images.png` shows for the same parameters, and their classes."""
    samples, conditional = _choose(name, split, query, request, services)
    if (answer := conditional.not_modified()) is not None:
        return answer
    check_picture(samples.plan, len(samples.indices), services.settings)
    classes = samples.arrays.dataset.classes
    labels = samples.arrays.labels(split)[list(samples.indices)].tolist()
    sheet = SampleSheet(
        dataset=name,
        split=split,
        total=samples.total,
        grid=Grid.of(samples.plan),
        items=[
            SampleEntry(
                image=f"{name}:{split}:{index}",
                url=f"/v1/datasets/{name}/{split}/{index}.png",
                index=index,
                label=label,
                class_name=classes[label],
            )
            for index, label in zip(samples.indices, labels, strict=True)
        ],
    )
    return conditional.respond(sheet, "application/json")


def _choose(
    name: str, split: Split, query: SampleDrawing, request: Request, services: Services
) -> tuple[_Samples, Conditional]:
    """Raises UnknownDataset, ClassOutOfRange, IndexOutOfRange."""
    dataset = services.catalogue.get(name)
    arrays = services.catalogue.open(dataset)
    count = arrays.count(split)
    conditional = Conditional(request, "last", f"{name}:{split}:{count}", query)
    eligible = _of_class(arrays, split, query.class_index)
    total, wanted = len(eligible), query.rows * query.cols
    if query.seed is not None:
        chosen = np.sort(np.random.default_rng(query.seed).choice(total, size=min(wanted, total), replace=False))
        indices = eligible[chosen]
    else:
        if query.start >= total:
            in_full_set = query.class_index is None and query.start < dataset.splits[split]
            advice = dataset.origin.how_to_provide(dataset, services.catalogue.datasets_path) if in_full_set else ""
            raise IndexOutOfRange(name, split, query.start, total, advice)
        indices = eligible[query.start : query.start + wanted]
    plan = layout(wanted, *dataset.shape[:2], cols=query.cols, scale=query.scale, gap=query.gap, labels=query.labels)
    return _Samples(arrays, split, indices.tolist(), total, plan), conditional


def _of_class(arrays: DatasetArrays, split: Split, number: int | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if number is None:
        return np.arange(arrays.count(split))
    if number >= len(arrays.dataset.classes):
        raise ClassOutOfRange(number, arrays.dataset.classes)
    return np.flatnonzero(arrays.labels(split) == number)
