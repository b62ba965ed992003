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
from api.negotiation import VARY, NotAcceptable, preferred
from api.problem_groups import ASKED, BODY, EITHER_BODY_PROBLEMS, IMAGE, MODEL, SHEET
from api.problems import NOT_MODIFIED, problems
from api.queries import ImageQuery, OneShotPredictionQuery
from api.schemas import Prediction, TopClass
from api.services import Services, ServicesDep
from api.sheets import choose_slices
from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.slices import feature_map_slices
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
    response_model=Prediction,
    responses={
        200: {"content": {"image/png": {}}},
        **problems(*MODEL, *IMAGE, *BODY, *EITHER_BODY_PROBLEMS, *ASKED, *SHEET, NotAcceptable),
    },
    openapi_extra=EITHER_BODY,
)
async def compute_predictions(
    model_id: str, query: Annotated[OneShotPredictionQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """JSON; with `Accept: image/png` a tile a class, as bright as it is probable. Nothing of the image is kept."""
    form = preferred(request, "application/json", "image/png")
    colormap(query.cmap)
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    body = await read_body(request, services.settings)
    reference = body if isinstance(body, str) else None
    load = load_image if isinstance(body, str) else fit_upload
    image: NDArray[np.float32] = await run_in_threadpool(load, services, snapshot, body, query.invert)  # type: ignore[arg-type]
    prediction = await _predict(services, snapshot, reference, image)
    if form == "application/json":
        return Response(prediction.model_dump_json(by_alias=True), media_type=form, headers=VARY)
    tiles = feature_map_slices(np.array(prediction.probabilities, np.float32))
    sheet = choose_slices(tiles, query, services.settings)
    return Response(await run_in_threadpool(sheet.png, query), media_type=form, headers=VARY)


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
