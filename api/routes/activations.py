"""Feature maps of one image at a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from api.bodies import EITHER_BODY, read_body
from api.caching import Conditional
from api.inputs import fit_upload, load_image
from api.negotiation import VARY, NotAcceptable, preferred
from api.problem_groups import ASKED, BODY, EITHER_BODY_PROBLEMS, IMAGE, LAYER, SHEET
from api.problems import NOT_MODIFIED, problems
from api.queries import ActivationQuery, OneShotActivationQuery
from api.schemas import ActivationSheet, ActivationValues
from api.services import Services, ServicesDep
from api.sheets import Sheet, choose_slices, npy
from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.slices import feature_map_planes, feature_map_slices
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.drawing import SheetDrawing

router = APIRouter(prefix="/v1/models/{model_id}", tags=["activations"])
Activations = Annotated[ActivationQuery, Query()]
_RESPONSES = {**NOT_MODIFIED, **problems(*LAYER, *IMAGE, *ASKED, *SHEET)}


@router.get(
    "/layers/{layer}/activations.png",
    summary="Feature maps, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_activations_png(
    model_id: str, layer: str, query: Activations, request: Request, services: ServicesDep
) -> Response:
    """A tile a feature map; of a layer without maps, a tile a unit."""
    asked = await run_in_threadpool(_open, model_id, layer, query, request, services)
    if isinstance(asked, Response):
        return asked
    sheet, _ = await _sheet(services, asked, query)
    return asked.conditional.respond(await run_in_threadpool(sheet.png, query), "image/png")


@router.get(
    "/layers/{layer}/activations.json",
    summary="Feature maps in numbers",
    response_model=ActivationSheet,
    responses=_RESPONSES,
)
async def get_activations(
    model_id: str, layer: str, query: Activations, request: Request, services: ServicesDep
) -> Response:
    """How the picture's tiles lie, and each map's range."""
    asked = await run_in_threadpool(_open, model_id, layer, query, request, services)
    if isinstance(asked, Response):
        return asked
    sheet, activation = await _sheet(services, asked, query)
    twin = ActivationSheet(**_fields(asked.snapshot, layer, query.image, activation), **sheet.twin())
    return asked.conditional.respond(twin, "application/json")


@router.get(
    "/layers/{layer}/activations.npy",
    summary="Feature maps as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_RESPONSES},
)
async def get_activations_npy(
    model_id: str, layer: str, query: Activations, request: Request, services: ServicesDep
) -> Response:
    """The maps drawn, float32 (n, H, W), in the order drawn; (units,) of a layer without maps."""
    asked = await run_in_threadpool(_open, model_id, layer, query, request, services)
    if isinstance(asked, Response):
        return asked
    sheet, activation = await _sheet(services, asked, query)
    drawn = sheet.slices.reshape(-1) if activation.ndim == 1 else sheet.slices
    return asked.conditional.respond(npy(drawn), "application/octet-stream")


@router.post(
    "/activations",
    summary="Feature maps of an image in the body",
    response_model=ActivationValues,
    responses={
        200: {"content": {"image/png": {}}},
        **problems(*LAYER, *IMAGE, *BODY, *EITHER_BODY_PROBLEMS, *ASKED, *SHEET, NotAcceptable),
    },
    openapi_extra=EITHER_BODY,
)
async def compute_activations(
    model_id: str, query: Annotated[OneShotActivationQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Every number as JSON; with `Accept: image/png` the grid."""
    form = preferred(request, "application/json", "image/png")
    colormap(query.cmap)
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    snapshot.layer(query.layer)
    body = await read_body(request, services.settings)
    load = load_image if isinstance(body, str) else fit_upload
    image: NDArray[np.float32] = await run_in_threadpool(load, services, snapshot, body, query.invert)  # type: ignore[arg-type]
    activation = await _compute(services, snapshot, query.layer, image)
    sheet = _tiles(activation, query, services)
    if form == "image/png":
        return Response(await run_in_threadpool(sheet.png, query), media_type=form, headers=VARY)
    values = ActivationValues(
        **_fields(snapshot, query.layer, body if isinstance(body, str) else "upload", activation),
        **sheet.twin(),
        values=activation.tolist(),
    )
    return Response(values.model_dump_json(), media_type=form, headers=VARY)


@dataclass(frozen=True)
class _Asked:
    """What a request is about: a layer of a model at an epoch, and what the network is to see (H, W, C)."""

    snapshot: Snapshot
    layer: str
    image: NDArray[np.float32]
    conditional: Conditional


def _open(model_id: str, layer: str, query: ActivationQuery, request: Request, services: Services) -> _Asked | Response:
    """All that is read, in one go on one thread; 304 where the client has the answer."""
    colormap(query.cmap)
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    snapshot.layer(layer)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return _Asked(snapshot, layer, load_image(services, snapshot, query.image, query.invert), conditional)


async def _sheet(services: Services, asked: _Asked, query: ActivationQuery) -> tuple[Sheet, NDArray[np.float32]]:
    activation = await _compute(services, asked.snapshot, asked.layer, asked.image)
    return _tiles(activation, query, services), activation


def _tiles(activation: NDArray[np.float32], query: SheetDrawing, services: Services) -> Sheet:
    slices, planes = feature_map_slices(activation), feature_map_planes(activation)
    return choose_slices(slices, query, services.settings, planes=planes)


async def _compute(
    services: Services, snapshot: Snapshot, layer: str, image: NDArray[np.float32]
) -> NDArray[np.float32]:
    arrays: dict[str, NDArray[np.float32]] = await services.inspector.ask(
        "feature_maps", snapshot, image[np.newaxis], layer=layer
    )
    activation: NDArray[np.float32] = arrays["feature_maps"][0]
    return activation


def _fields(snapshot: Snapshot, layer: str, image: str, activation: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "model_id": snapshot.job.id,
        "layer": layer,
        "epoch": snapshot.epoch,
        "image": image,
        "shape": list(activation.shape),
    }
