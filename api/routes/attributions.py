"""Why the network says what it says of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Request, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from api.attribution_query import UnknownParameter, read_query
from api.attribution_schemas import AttributionAnswer, MethodAnswer, MethodList, method_answer
from api.caching import Conditional
from api.drawn import draw_images
from api.inputs import label_of_reference, load_pixels
from api.problem_groups import ASKED, IMAGE, MODEL
from api.problems import NOT_MODIFIED, problems
from api.queries import AttributionQuery
from api.services import Services, ServicesDep
from api.sheets import Sheet, check_picture, npy
from cnnservice.attributions.costs import check_cost
from cnnservice.attributions.layers import UnusableLayer
from cnnservice.attributions.method import Method
from cnnservice.attributions.registry import METHODS, MethodName, UnknownMethod, find_method
from cnnservice.datasets.errors import ClassOutOfRange
from cnnservice.drawing.colormaps import UnknownColormap, colormap
from cnnservice.drawing.grid import layout
from cnnservice.drawing.heat import Polarity, heat, one_plane, overlay, suitable_cmap, suitable_polarity, taken
from cnnservice.drawing.slices import ChannelOutOfRange
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.errors import FilterOutOfRange, LimitExceeded

router = APIRouter(prefix="/v1", tags=["attributions"])
_PATH = "/models/{model_id}/attributions/{method}"
# Pixels of the longer side of a tile: one picture is looked at, not a sheet of them.
_TILE_SIDE = 280
MethodPath = Annotated[MethodName, Path()]
_RESPONSES = {
    **NOT_MODIFIED,
    **problems(
        *MODEL, *IMAGE, *ASKED, UnknownMethod, UnknownParameter, UnknownColormap, ClassOutOfRange, ChannelOutOfRange,
        UnusableLayer, FilterOutOfRange, LimitExceeded,
    ),
}  # fmt: skip


@router.get("/attributions", summary="List the methods of attribution", responses=problems())
def list_attribution_methods() -> MethodList:
    """Each with its parameters, its source and when to trust it."""
    return MethodList(items=[method_answer(method) for method in METHODS.values()])


@router.get("/attributions/{method}", summary="One method of attribution", responses=problems(UnknownMethod))
def get_attribution_method(method: MethodPath) -> MethodAnswer:
    """Its parameters, its source and when to trust it."""
    return method_answer(find_method(method))


@router.get(
    _PATH + ".png",
    summary="What in the image speaks for a class, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_attribution_png(model_id: str, method: MethodPath, request: Request, services: ServicesDep) -> Response:
    """Heat over the image, alone, or both side by side."""
    asked = await run_in_threadpool(_open, model_id, method, request, services)
    if isinstance(asked, Response):
        return asked
    found = await _compute(services, asked)
    return asked.conditional.respond(await run_in_threadpool(_draw, asked, found, services), "image/png")


@router.get(
    _PATH + ".json",
    summary="What in the image speaks for a class, in numbers",
    response_model=AttributionAnswer,
    responses=_RESPONSES,
)
async def get_attribution(model_id: str, method: MethodPath, request: Request, services: ServicesDep) -> Response:
    """The maps drawn, the class they are about, and what else the method found."""
    asked = await run_in_threadpool(_open, model_id, method, request, services)
    if isinstance(asked, Response):
        return asked
    found = await _compute(services, asked)
    label = await run_in_threadpool(label_of_reference, services, asked.query.image)
    return asked.conditional.respond(_answer(asked, found, label, services), "application/json")


@router.get(
    _PATH + ".npy",
    summary="What in the image speaks for a class, as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_RESPONSES},
)
async def get_attribution_npy(model_id: str, method: MethodPath, request: Request, services: ServicesDep) -> Response:
    """The maps drawn, float32 (n, H, W): one, or with `channel=all` one a colour channel."""
    asked = await run_in_threadpool(_open, model_id, method, request, services)
    if isinstance(asked, Response):
        return asked
    found = await _compute(services, asked)
    return asked.conditional.respond(npy(_sheet(asked, found, services).slices), "application/octet-stream")


@dataclass(frozen=True)
class _Asked:
    """What a request is about; pixels are the image (H, W, C)."""

    snapshot: Snapshot
    method: Method
    query: AttributionQuery
    pixels: NDArray[np.uint8]
    conditional: Conditional

    @property
    def polarity(self) -> Polarity:
        """As asked for, or as suits the method."""
        return self.query.polarity or suitable_polarity(signed=self.method.signed)

    @property
    def cmap(self) -> str:
        """As asked for, or as suits the polarity."""
        return self.query.cmap or suitable_cmap(self.polarity)


def _open(model_id: str, name: str, request: Request, services: Services) -> _Asked | Response:
    """All that is read and checked, in one go on one thread; 304 where the client has the answer."""
    query, method = read_query(name, request)
    if query.cmap is not None:
        colormap(query.cmap)
    snapshot = open_snapshot(services.database, model_id, query.epoch)
    _check(query, method, snapshot, services)
    identity = f"{snapshot.identity} {method.model_dump_json()}"
    conditional = Conditional(request, query.epoch, identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    return _Asked(snapshot, method, query, load_pixels(services, snapshot, query.image, query.invert), conditional)


def _check(query: AttributionQuery, method: Method, snapshot: Snapshot, services: Services) -> None:
    dataset, summary = snapshot.dataset, snapshot.summary()
    if query.target is not None and query.target >= len(dataset.classes):
        raise ClassOutOfRange(query.target, dataset.classes)
    if isinstance(query.channel, int) and query.channel >= dataset.shape[-1]:
        raise ChannelOutOfRange(query.channel, dataset.shape[-1])
    method.check(summary)
    check_cost(method, summary, services.settings.max_attribution_operations)


async def _compute(services: Services, asked: _Asked) -> dict[str, NDArray[Any]]:
    images = asked.snapshot.normalizer.apply(asked.pixels)[np.newaxis]
    return await services.inspector.ask(
        "attribution",
        asked.snapshot,
        images,
        method=asked.method.name,
        parameters=asked.method.model_dump(mode="json"),
        target=asked.query.target,
    )


def _sheet(asked: _Asked, found: dict[str, NDArray[Any]], services: Services) -> Sheet:
    """The maps that are drawn, as they count, a column of tiles; a second column is for `both`."""
    values, channel = found["values"], asked.query.channel
    # A method that knows no colours has one map for every channel.
    if channel is None or values.shape[-1] == 1:
        planes = one_plane(values, signed=asked.polarity == "signed")[np.newaxis]
    else:
        planes = np.moveaxis(values, -1, 0) if channel == "all" else values[np.newaxis, ..., channel]
    indices = np.array([channel]) if isinstance(channel, int) else np.arange(len(planes))
    columns = 2 if asked.query.view == "both" else 1
    height, width = planes.shape[1:]
    plan = layout(
        len(planes) * columns,
        height,
        width,
        cols=columns,
        scale=asked.query.scale or max(1, round(_TILE_SIDE / max(height, width))),
        gap=asked.query.gap,
    )
    check_picture(plan, len(planes) * columns, services.settings)
    return Sheet(np.ascontiguousarray(taken(planes, asked.polarity)), indices, plan)


def _draw(asked: _Asked, found: dict[str, NDArray[Any]], services: Services) -> bytes:
    sheet, view, clip = _sheet(asked, found, services), asked.query.view, asked.query.clip
    columns = []
    if view != "map":
        columns.append(overlay(asked.pixels, sheet.slices, asked.polarity, clip=clip, cmap=asked.cmap))
    if view != "overlay":
        columns.append(heat(sheet.slices, asked.polarity, clip=clip, cmap=asked.cmap))
    tiles = np.stack(columns, axis=1)
    return draw_images(tiles.reshape(-1, *tiles.shape[2:]), sheet.plan)


def _answer(asked: _Asked, found: dict[str, NDArray[Any]], label: int | None, services: Services) -> AttributionAnswer:
    target, sheet = int(found["target"]), _sheet(asked, found, services)
    return AttributionAnswer.model_validate(
        {
            "model_id": asked.snapshot.job.id,
            "epoch": asked.snapshot.epoch,
            "image": asked.query.image,
            "label": label,
            "method": asked.method.name,
            "parameters": asked.method.model_dump(mode="json"),
            "class": target,
            "class_name": asked.snapshot.dataset.classes[target],
            "predicted": int(found["scores"].argmax()),
            "score": float(found["scores"][target]),
            "probability": float(found["probabilities"][target]),
            "polarity": asked.polarity,
            "total": float(found["values"].sum(dtype=np.float64)),
            "details": {
                name.removeprefix("detail/"): array.tolist()
                for name, array in found.items()
                if name.startswith("detail/")
            },
            "values": sheet.slices.tolist(),
            **sheet.twin(),
        }
    )
