"""Data sets: what there is, samples to look at, and those that clients bring."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from pydantic import Field

from api.caching import Conditional
from api.drawn import draw_images
from api.problem_groups import BODY, IMAGES
from api.problem_types import DATABASE
from api.problems import LOCATED, NOT_MODIFIED, problems
from api.schemas import DatasetAnswer, DatasetList, SampleAnswer
from api.services import Services, ServicesDep
from api.sheets import check_picture
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import (
    BadDataset,
    BuiltIn,
    DatasetInUse,
    DatasetTooLarge,
    IndexOutOfRange,
    NameTaken,
    UnknownDataset,
)
from cnnservice.datasets.incoming.reading import read_dataset
from cnnservice.datasets.references import DatasetReference, label_of, load_reference
from cnnservice.datasets.uploaded import Upload
from cnnservice.drawing.grid import layout
from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.job import JobSpec
from cnnservice.store import StoreUnavailable

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
Split = Literal["train", "test"]
_DATASET = (*IMAGES, UnknownDataset, DATABASE)
_SAMPLE = problems(*_DATASET, InvalidError, IndexOutOfRange)
_PICTURE = problems(*_DATASET, InvalidError, IndexOutOfRange, LimitExceeded)


class ImageScale(Spec):
    """How large one image is drawn."""

    scale: Annotated[int, Field(ge=1, le=256, description="pixels a pixel")] = 1


@router.get("", summary="List the data sets", responses=problems(*IMAGES, DATABASE))
def list_datasets(services: ServicesDep) -> DatasetList:
    """Every data set a job can train on."""
    return DatasetList(items=[_answer(dataset, services) for dataset in services.catalogue.all()])


@router.get("/{name}", summary="One data set", responses=problems(*_DATASET))
def get_dataset(name: str, services: ServicesDep) -> DatasetAnswer:
    """Shape, classes, sizes, source and licence."""
    return _answer(services.catalogue.get(name), services)


@router.post(
    "",
    status_code=201,
    summary="Upload a data set",
    responses={
        201: LOCATED,
        **problems(*BODY, *IMAGES, InvalidError, BadDataset, DatasetTooLarge, NameTaken, DATABASE),
    },
)
def upload_dataset(
    name: Annotated[str, Form(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$", examples=["my_digits"])],
    file: UploadFile,
    response: Response,
    services: ServicesDep,
    height: Annotated[int | None, Form(ge=1, le=4096, description="what pictures in a .zip are fitted to")] = None,
    width: Annotated[int | None, Form(ge=1, le=4096, description="with height")] = None,
) -> DatasetAnswer:
    """An `.npz` of `x_train`, `y_train`, `x_test`, `y_test`, or a `.zip` of `train/<class>/*.png` (and `test/…`).

    Without `test/`, every sixth image of a class is for testing. A name stands for the same images for ever; the same
    file under the same name may be sent again.
    """
    if (height is None) != (width is None):
        detail = "height and width are given together, or neither."
        raise InvalidError(detail, errors=(FieldError("/height", detail),))
    settings = services.settings
    if (file.size or 0) > settings.max_dataset_upload_bytes:
        raise DatasetTooLarge(
            f"has {file.size} bytes", settings.max_dataset_upload_bytes, "CNNSERVICE_MAX_DATASET_UPLOAD_BYTES"
        )
    settings.datasets_path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=settings.datasets_path) as folder:
        arrays = Path(folder) / "arrays"
        arrays.mkdir()
        size = (height, width) if height is not None and width is not None else None
        record = read_dataset(file.file, arrays, settings, size=size)
        dataset = services.catalogue.add(name, record, arrays, now=time.time())
    response.headers["Location"] = f"/v1/datasets/{name}"
    return _answer(dataset, services)


@router.delete(
    "/{name}",
    status_code=204,
    summary="Delete an uploaded data set",
    responses=problems(UnknownDataset, BuiltIn, DatasetInUse, StoreUnavailable, DATABASE),
)
def delete_dataset(name: str, services: ServicesDep) -> None:
    """Models trained on it stay. 409 for a built-in one, or one that a live job reads."""
    services.catalogue.remove(name, now=time.time())


@router.get(
    "/{name}/{split}/{index}.png",
    summary="One image",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **NOT_MODIFIED, **_PICTURE},
)
def draw_sample_png(
    name: str,
    split: Split,
    index: int,
    query: Annotated[ImageScale, Query()],
    request: Request,
    services: ServicesDep,
) -> Response:
    """As it is, or enlarged by a whole number."""
    image = load_reference(DatasetReference(name, split, index), services.catalogue)
    conditional = Conditional(request, index, f"{name}:{split}:{index}", query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    plan = layout(1, *image.shape[:2], scale=query.scale)
    check_picture(plan, 1, services.settings)
    return conditional.respond(draw_images(image[np.newaxis], plan), "image/png")


@router.get("/{name}/{split}/{index}.json", summary="One image in numbers", responses=_SAMPLE)
def get_sample(name: str, split: Split, index: int, services: ServicesDep) -> SampleAnswer:
    """Label, class name and pixels."""
    reference = DatasetReference(name, split, index)
    image = load_reference(reference, services.catalogue)
    label = label_of(reference, services.catalogue)
    return SampleAnswer(
        reference=f"{name}:{split}:{index}",
        dataset=name,
        split=split,
        index=index,
        label=label,
        class_name=services.catalogue.get(name).classes[label],
        shape=list(image.shape),
        pixels=image.tolist(),
    )


def _answer(dataset: Dataset, services: Services) -> DatasetAnswer:
    arrays = services.catalogue.open(dataset)
    default = JobSpec(dataset=dataset.name)
    wanted = {"train": default.train_samples, "test": default.test_samples}
    return DatasetAnswer(
        name=dataset.name,
        shape=list(dataset.shape),
        classes=list(dataset.classes),
        splits=dataset.splits,
        dtype=dataset.dtype,
        source=dataset.source,
        licence=dataset.licence,
        built_in=not isinstance(dataset.origin, Upload),
        available=all(arrays.count(split) >= min(wanted[split], count) for split, count in dataset.splits.items()),
        samples_on_disk=dict(arrays.samples),
        class_counts={
            split: np.bincount(arrays.labels(split), minlength=len(dataset.classes)).tolist()
            for split in dataset.splits
        },
    )
