"""Data sets: what there is, and samples to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.caching import Conditional
from api.problems import problems
from api.schemas import DatasetAnswer, DatasetList, SampleAnswer
from api.services import Services, ServicesDep
from api.sheets import check_picture
from cnnservice.datasets.arrays import open_arrays, samples_on_disk
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import IndexOutOfRange
from cnnservice.datasets.references import DatasetReference, label_of, load_reference
from cnnservice.datasets.registry import DATASETS, get_dataset
from cnnservice.drawing.grid import draw_images, layout
from cnnservice.specs.base import Spec
from cnnservice.specs.drawing import SampleDrawing
from cnnservice.specs.job import JobSpec

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
Split = Literal["train", "test"]


class ImageScale(Spec):
    """How large one image is drawn."""

    scale: Annotated[int, Field(ge=1, le=256, description="pixels a pixel")] = 1


@router.get("", summary="List the data sets")
def list_datasets(services: ServicesDep) -> DatasetList:
    """Every data set a job can train on."""
    return DatasetList(items=[_answer(dataset, services) for dataset in DATASETS.values()])


@router.get("/{name}", summary="One data set", responses=problems(404))
def get_dataset_by_name(name: str, services: ServicesDep) -> DatasetAnswer:
    """Shape, classes, sizes, source and licence."""
    return _answer(get_dataset(name), services)


@router.get(
    "/{name}/{split}/images.png",
    summary="A grid of sample images",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **problems(304, 404, 422)},
)
def draw_samples(
    name: str, split: Split, query: Annotated[SampleDrawing, Query()], request: Request, services: ServicesDep
) -> Response:
    """rows*cols images from `start`, or as many at random with `seed`. With `labels`, the class below each."""
    dataset = get_dataset(name)
    arrays = open_arrays(dataset, services.settings.datasets_path)
    count, wanted = arrays.count(split), query.rows * query.cols
    conditional = Conditional(request, "last", f"{name}:{split}:{count}", query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    indices: Sequence[int]
    if query.seed is not None:
        indices = np.sort(
            np.random.default_rng(query.seed).choice(count, size=min(wanted, count), replace=False)
        ).tolist()
    else:
        if query.start >= count:
            raise IndexOutOfRange(name, split, query.start, count)
        indices = range(query.start, min(query.start + wanted, count))
    plan = layout(
        query.rows * query.cols,
        *dataset.shape[:2],
        cols=query.cols,
        scale=query.scale,
        gap=query.gap,
        labels=query.labels,
    )
    check_picture(plan, len(indices), services.settings)
    labels = [dataset.classes[label] for label in arrays.labels(split)[list(indices)]] if query.labels else None
    png = draw_images(arrays.images(split)[list(indices)], plan, labels=labels)
    return conditional.respond(png, "image/png")


@router.get(
    "/{name}/{split}/{index}.png",
    summary="One image",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **problems(304, 404, 422)},
)
def draw_sample(
    name: str,
    split: Split,
    index: int,
    query: Annotated[ImageScale, Query()],
    request: Request,
    services: ServicesDep,
) -> Response:
    """As it is, or enlarged by a whole number."""
    image = load_reference(DatasetReference(name, split, index), services.settings.datasets_path)
    conditional = Conditional(request, index, f"{name}:{split}:{index}", query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    plan = layout(1, *image.shape[:2], scale=query.scale)
    check_picture(plan, 1, services.settings)
    return conditional.respond(draw_images(image[np.newaxis], plan), "image/png")


@router.get("/{name}/{split}/{index}.json", summary="One image in numbers", responses=problems(404, 422))
def get_sample(name: str, split: Split, index: int, services: ServicesDep) -> SampleAnswer:
    """Label, class name and pixels."""
    reference = DatasetReference(name, split, index)
    image = load_reference(reference, services.settings.datasets_path)
    label = label_of(reference, services.settings.datasets_path)
    return SampleAnswer(
        reference=f"{name}:{split}:{index}",
        dataset=name,
        split=split,
        index=index,
        label=label,
        class_name=get_dataset(name).classes[label],
        shape=list(image.shape),
        pixels=image.tolist(),
    )


def _answer(dataset: Dataset, services: Services) -> DatasetAnswer:
    here = samples_on_disk(dataset, services.settings.datasets_path)
    default = JobSpec(dataset=dataset.name)
    return DatasetAnswer(
        name=dataset.name,
        shape=list(dataset.shape),
        classes=list(dataset.classes),
        splits=dataset.splits,
        dtype=dataset.dtype,
        source=dataset.source,
        licence=dataset.licence,
        available=here["train"] >= default.train_samples and here["test"] >= default.test_samples,
        samples_on_disk=here,
    )
