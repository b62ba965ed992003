"""How alike the representations of layers are: within a model, between two, and over the epochs."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import Field, model_validator
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.computing import ACCEPTED, computed
from api.drawn import draw_similarity_png as similarity_png
from api.frames import shown_epochs
from api.problem_groups import COMPUTED, LAYER, SPLIT
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery, EpochValue, WaitQuery
from api.representation_schemas import Compared, Similarity
from api.represented import ImagesQuery, images_represented
from api.services import Services, ServicesDep
from api.sheets import npy
from cnnservice.computations import Question
from cnnservice.drawing.matrix import Side
from cnnservice.errors import FieldError, InvalidError
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.errors import BadSetting

router = APIRouter(prefix="/v1/models/{model_id}", tags=["representations"])


class OtherDataset(InvalidError):
    """The two models were not made for the same images."""

    code = "other-dataset"
    title = "Models of different data sets"

    def __init__(self, first: Snapshot, second: Snapshot) -> None:
        detail = (
            f"Model {first.job.id} is of {first.dataset.name} and model {second.job.id} of {second.dataset.name}; "
            "how alike they are can only be told of models of one data set, by what they make of the same images."
        )
        super().__init__(detail, errors=(FieldError("?with", detail),))


class SimilarityQuery(ImagesQuery, EpochQuery, WaitQuery):
    """What is compared with what."""

    over: Annotated[
        Literal["layers", "epochs"],
        Field(description="layers: every layer with every layer; epochs: one layer at every epoch up to `epoch`"),
    ] = "layers"
    layer: Annotated[str | None, Field(max_length=64, description="with over=epochs, which", examples=["Conv2"])] = None
    with_model: Annotated[
        str | None, Field(alias="with", max_length=64, description="another model, whose layers are the columns")
    ] = None
    with_epoch: EpochValue = "last"

    @model_validator(mode="after")
    def _of_one_kind(self) -> SimilarityQuery:
        if self.over == "epochs" and self.layer is None:
            raise ValueError("over=epochs compares a layer with itself; layer says which")
        if self.over == "layers" and self.layer is not None:
            raise ValueError("layer belongs to over=epochs; over=layers compares all of them")
        if self.over == "epochs" and self.with_model is not None:
            raise ValueError("with compares the layers of two models; over=epochs is of one")
        if self.with_model is None and "with_epoch" in self.model_fields_set:
            raise ValueError("with_epoch is an epoch of another model; with says which")
        return self


Similarities = Annotated[SimilarityQuery, Query()]
_RESPONSES = {**ACCEPTED, **NOT_MODIFIED, **problems(*LAYER, *SPLIT, *COMPUTED, BadSetting, OtherDataset)}


@router.get(
    "/similarity.json",
    summary="How alike layers are, in numbers",
    response_model=Similarity,
    responses=_RESPONSES,
)
async def get_similarity(model_id: str, query: Similarities, request: Request, services: ServicesDep) -> Response:
    """Linear CKA: 1 for layers that tell the same images apart in the same way, whatever their widths.

    Of one model's layers, of two models' (`with`), or of one layer at all epochs (`over=epochs`).
    """
    found = await _compare(model_id, query, request, services)
    if isinstance(found, Response):
        return found
    similarity = Similarity(
        samples=found.samples,
        rows=found.rows.compared(),
        columns=found.columns.compared(),
        values=[[value if isfinite(value) else None for value in row] for row in found.values.tolist()],
    )
    return found.conditional.respond(similarity, "application/json")


@router.get(
    "/similarity.png",
    summary="How alike layers are, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_similarity_png(model_id: str, query: Similarities, request: Request, services: ServicesDep) -> Response:
    """The same as a matrix, the brighter the more alike; grey is what says the same of all images."""
    found = await _compare(model_id, query, request, services)
    if isinstance(found, Response):
        return found
    heading = f"linear CKA · {found.samples} test images of {found.rows.snapshots[0].dataset.name}"
    sides = [found.rows.side(), found.columns.side()]
    png = await run_in_threadpool(similarity_png, found.values, *sides, heading=heading)
    return found.conditional.respond(png, "image/png")


@router.get(
    "/similarity.npy",
    summary="How alike layers are, as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_RESPONSES},
)
async def get_similarity_npy(model_id: str, query: Similarities, request: Request, services: ServicesDep) -> Response:
    """The matrix, float32 (rows, columns); NaN where the JSON has null."""
    found = await _compare(model_id, query, request, services)
    if isinstance(found, Response):
        return found
    return found.conditional.respond(npy(found.values), "application/octet-stream")


@dataclass(frozen=True)
class _Side:
    """Some layers of a model at some of its epochs: one of the two is one."""

    snapshots: list[Snapshot]
    layers: list[str]

    def arguments(self) -> dict[str, Any]:
        """For the worker."""
        epochs = [snapshot.epoch for snapshot in self.snapshots]
        return {"model_id": self.snapshots[0].job.id, "epochs": epochs, "layers": self.layers}

    def compared(self) -> list[Compared]:
        """One by one."""
        return [
            Compared(model_id=snapshot.job.id, epoch=snapshot.epoch, layer=layer)
            for snapshot in self.snapshots
            for layer in self.layers
        ]

    def side(self) -> Side:
        """What stands beside a matrix."""
        first = self.snapshots[0]
        if len(self.layers) == 1 and len(self.snapshots) > 1:
            return Side(f"{self.layers[0]}, epoch", [str(snapshot.epoch) for snapshot in self.snapshots])
        architecture = first.spec.architecture
        name = architecture if isinstance(architecture, str) else "model"
        # The end of an id is its random part: the beginnings of two made together are the same.
        return Side(f"{name} …{first.job.id[-6:]}, epoch {first.epoch}", self.layers)


@dataclass(frozen=True)
class _Found:
    """A matrix, and what its rows and columns are."""

    values: NDArray[Any]
    rows: _Side
    columns: _Side
    samples: int
    conditional: Conditional


async def _compare(model_id: str, query: SimilarityQuery, request: Request, services: Services) -> _Found | Response:
    """What was computed, or the answer to give instead."""
    sides = await run_in_threadpool(_sides, model_id, query, services)
    snapshots = [snapshot for side in sides for snapshot in side.snapshots]
    images = images_represented(
        query.images,
        min(side.snapshots[0].spec.test_samples for side in sides),
        [side.snapshots[0].layer(layer) for side in sides for layer in side.layers],
        services.settings,
        kept=sum(len(side.snapshots) * len(side.layers) for side in sides),
    )
    resolved: dict[str, str | int] = {"epoch": sides[0].snapshots[-1].epoch}
    if query.with_model is not None:
        resolved["with_epoch"] = sides[1].snapshots[0].epoch
    moves = query.epoch == "last" or (query.with_model is not None and query.with_epoch == "last")
    identity = " ".join([str(images), *(snapshot.identity for snapshot in snapshots)])
    parameters = query.model_copy(update={name: value for name, value in resolved.items() if name == "with_epoch"})
    conditional = Conditional(request, "last" if moves else query.epoch, identity, parameters)
    if (answer := conditional.not_modified()) is not None:
        return answer
    rows, *others = [side.arguments() for side in sides]
    arguments = {"images": images, "rows": rows, "columns": others[0] if others else None}
    question = Question("similarity", snapshots, arguments)
    result = await computed(services, request, question, query, **resolved)
    if isinstance(result, Response):
        return result
    return _Found(result.arrays["values"], sides[0], sides[-1], images, conditional)


def _sides(model_id: str, query: SimilarityQuery, services: Services) -> list[_Side]:
    """The rows, and the columns where they are others. Raises OtherDataset."""
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    if query.layer is not None:
        snapshot.layer(query.layer)
        shown = shown_epochs(services, snapshot).rows
        return [_Side([snapshot.at(row) for row in shown], [query.layer])]
    rows = _Side([snapshot], list(snapshot.design.layers))
    if query.with_model is None:
        return [rows]
    other = open_snapshot(services.database, query.with_model, query.with_epoch)
    if other.dataset.name != snapshot.dataset.name:
        raise OtherDataset(snapshot, other)
    return [rows, _Side([other], list(other.design.layers))]
