"""How good a model is on its test split, and where it errs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.drawn import draw_confusion_png as confusion_png
from api.drawn import draw_images
from api.evaluation_schemas import ClassEvaluation, Evaluation, Mistake
from api.problem_groups import ASKED, MODEL, SPLIT
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery
from api.results import computed_once
from api.services import Services, ServicesDep
from api.sheets import check_picture
from cnnservice.analysis.confusion import class_scores, confusion_matrix
from cnnservice.analysis.mistakes import worst_mistakes
from cnnservice.drawing.grid import layout
from cnnservice.errors import NotFoundError
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.errors import LimitExceeded

router = APIRouter(prefix="/v1/models/{model_id}", tags=["evaluation"])
_RESPONSES = {**NOT_MODIFIED, **problems(*MODEL, *ASKED, *SPLIT)}
_TOP = 5
# A tile with two lines of text below it.
_TILE_SIDE = 112


class NoMistakes(NotFoundError):
    """There is nothing to draw."""

    code = "no-mistakes"
    title = "No mistakes"

    def __init__(self, model_id: str, epoch: int, samples: int) -> None:
        super().__init__(f"Model {model_id} errs on none of its {samples} test images at epoch {epoch}.")


class MistakesQuery(EpochQuery):
    """How many mistakes, at which epoch."""

    limit: Annotated[int, Field(ge=1, le=1000, description="the surest mistakes")] = 25


class MistakesDrawing(MistakesQuery):
    """How they lie."""

    cols: Annotated[int | None, Field(ge=1, le=100, description="tiles in a row")] = None
    scale: Annotated[int | None, Field(ge=1, le=64, description="pixels a pixel")] = None


@dataclass(frozen=True)
class _Judged:
    """Probabilities over the test split (n, classes), as predictions tell them, and the true labels (n,)."""

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    loss: float

    @property
    def predicted(self) -> NDArray[np.int64]:
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @property
    def confusion(self) -> NDArray[np.int64]:
        return confusion_matrix(self.labels, self.predicted, self.probabilities.shape[1])


@router.get(
    "/evaluation.json", summary="How good it is on its test split", response_model=Evaluation, responses=_RESPONSES
)
async def get_evaluation(
    model_id: str, query: Annotated[MistakesQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Loss, accuracy, precision and recall of every class, the confusion matrix, and the worst mistakes."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    judged = await _judge(services, snapshot)
    names, confusion = snapshot.dataset.classes, judged.confusion
    ranked = np.argsort(-judged.probabilities, axis=1, kind="stable")[:, :_TOP]
    wrong = worst_mistakes(judged.probabilities, judged.labels, query.limit)
    evaluation = Evaluation(
        model_id=model_id,
        epoch=snapshot.epoch,
        samples=len(judged.labels),
        loss=judged.loss if math.isfinite(judged.loss) else None,
        accuracy=float((judged.predicted == judged.labels).mean()),
        top_5_accuracy=float((ranked == judged.labels[:, np.newaxis]).any(axis=1).mean()),
        classes=[
            ClassEvaluation.model_validate({"class": index, "name": names[index], **vars(score)})
            for index, score in enumerate(class_scores(confusion))
        ],
        confusion=confusion.tolist(),
        mistakes=[_mistake(snapshot, judged, index) for index in wrong.tolist()],
        mistakes_total=int((judged.predicted != judged.labels).sum()),
    )
    return conditional.respond(evaluation, "application/json")


@router.get(
    "/confusion.png",
    summary="Which classes are taken for which, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_confusion_png(
    model_id: str, query: Annotated[EpochQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Rows are the true classes, columns what they were taken for."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity)
    if (answer := conditional.not_modified()) is not None:
        return answer
    judged = await _judge(services, snapshot)
    png = await run_in_threadpool(confusion_png, judged.confusion, snapshot.dataset.classes)
    return conditional.respond(png, "image/png")


@router.get(
    "/mistakes.png",
    summary="The worst mistakes, drawn",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}},
        **NOT_MODIFIED,
        **problems(*MODEL, *ASKED, *SPLIT, NoMistakes, LimitExceeded),
    },
)
async def draw_mistakes_png(
    model_id: str, query: Annotated[MistakesDrawing, Query()], request: Request, services: ServicesDep
) -> Response:
    """Below each image what it is, what it was taken for, and how surely. 404 where there is no mistake."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    judged = await _judge(services, snapshot)
    wrong = worst_mistakes(judged.probabilities, judged.labels, query.limit)
    if not len(wrong):
        raise NoMistakes(model_id, snapshot.epoch, len(judged.labels))
    mistakes = [_mistake(snapshot, judged, index) for index in wrong.tolist()]
    height, width, _ = snapshot.dataset.shape
    scale = query.scale or max(1, round(_TILE_SIDE / max(height, width)))
    plan = layout(len(wrong), height, width, cols=query.cols, scale=scale, labels=2)
    check_picture(plan, len(wrong), services.settings)
    images = await run_in_threadpool(lambda: _test_images(services, snapshot)[wrong])
    labels = [f"{m.label_name} → {m.predicted_name}\n{m.probability:.2f}" for m in mistakes]
    return conditional.respond(await run_in_threadpool(draw_images, images, plan, labels=labels), "image/png")


async def _judge(services: Services, snapshot: Snapshot) -> _Judged:
    arrays = await computed_once(services, snapshot, "evaluation")
    split = await run_in_threadpool(services.catalogue.open, snapshot.dataset, test_samples=snapshot.spec.test_samples)
    return _Judged(arrays["probabilities"], split.labels("test"), float(arrays["loss"]))


def _test_images(services: Services, snapshot: Snapshot) -> NDArray[np.uint8]:
    return services.catalogue.open(snapshot.dataset, test_samples=snapshot.spec.test_samples).images("test")


def _mistake(snapshot: Snapshot, judged: _Judged, index: int) -> Mistake:
    dataset, label, predicted = snapshot.dataset, int(judged.labels[index]), int(judged.predicted[index])
    return Mistake(
        image=f"{dataset.name}:test:{index}",
        url=f"/v1/datasets/{dataset.name}/test/{index}.png",
        label=label,
        label_name=dataset.classes[label],
        predicted=predicted,
        predicted_name=dataset.classes[predicted],
        probability=float(judged.probabilities[index, predicted]),
        label_probability=float(judged.probabilities[index, label]),
    )
