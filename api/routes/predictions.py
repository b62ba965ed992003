"""What a network says of an image."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from api.bodies import EITHER_BODY, read_body
from api.caching import Conditional
from api.inputs import fit_upload, label_of_reference, load_image
from api.problem_groups import ASKED, BODY, EITHER_BODY_PROBLEMS, IMAGE, MODEL
from api.problems import NOT_MODIFIED, problems
from api.queries import ImageQuery, OneShotQuery
from api.schemas import Prediction, TopClass
from api.services import Services, ServicesDep
from cnnservice.models import Snapshot, open_snapshot

router = APIRouter(prefix="/v1/models/{model_id}", tags=["predictions"])
_TOP = 5


@router.get(
    "/predictions.json",
    summary="What the network says of an image",
    response_model=Prediction,
    responses={**NOT_MODIFIED, **problems(*MODEL, *IMAGE, *ASKED)},
)
async def get_predictions(
    model_id: str, query: Annotated[ImageQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Probabilities and logits by class, and the most probable classes."""
    asked = await run_in_threadpool(_open, model_id, query, request, services)
    if isinstance(asked, Response):
        return asked
    snapshot, image, conditional = asked
    return conditional.respond(await _predict(services, snapshot, query.image, image), "application/json")


def _open(
    model_id: str, query: ImageQuery, request: Request, services: Services
) -> tuple[Snapshot, NDArray[np.float32], Conditional] | Response:
    """All that is read, in one go on one thread; 304 where the client has the answer."""
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return snapshot, load_image(services, snapshot, query.image, query.invert), conditional


@router.post(
    "/predictions",
    summary="What the network says of an image in the body",
    responses=problems(*MODEL, *IMAGE, *BODY, *EITHER_BODY_PROBLEMS, *ASKED),
    openapi_extra=EITHER_BODY,
)
async def compute_predictions(
    model_id: str, query: Annotated[OneShotQuery, Query()], request: Request, services: ServicesDep
) -> Prediction:
    """Nothing of the image is kept."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    body = await read_body(request, services.settings)
    if isinstance(body, str):
        image = await run_in_threadpool(load_image, services, snapshot, body, query.invert)
        return await _predict(services, snapshot, body, image)
    image = await run_in_threadpool(fit_upload, services, snapshot, body, query.invert)
    return await _predict(services, snapshot, None, image)


async def _predict(
    services: Services, snapshot: Snapshot, reference: str | None, image: NDArray[np.float32]
) -> Prediction:
    arrays = await services.inspector.ask("predictions", snapshot, image[np.newaxis])
    probabilities = arrays["probabilities"][0]
    classes = snapshot.dataset.classes
    label = await run_in_threadpool(label_of_reference, services, reference) if reference else None
    return Prediction(
        model_id=snapshot.job.id,
        epoch=snapshot.epoch,
        image=reference or "upload",
        label=label,
        probabilities=probabilities.tolist(),
        logits=arrays["logits"][0].tolist() if "logits" in arrays else None,
        top=[
            TopClass.model_validate({"class": i, "name": classes[i], "probability": float(probabilities[i])})
            for i in np.argsort(-probabilities, kind="stable")[:_TOP].tolist()
        ],
    )
