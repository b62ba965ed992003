"""Whether methods of attribution may be believed for this network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Body, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from api.caching import Conditional
from api.computation_schemas import ComputationAnswer
from api.computing import ACCEPTED, begun, computed
from api.drawn import draw_images
from api.problem_groups import BODY, COMPUTED, MODEL, SPLIT
from api.problems import LOCATED, NOT_MODIFIED, problems
from api.queries import SanityPictureQuery, SanityQuery
from api.sanity_schemas import SanityAnswer, SanityCheckBody
from api.services import Services, ServicesDep
from api.sheets import check_picture
from cnnservice.attributions.layers import UnusableLayer
from cnnservice.attributions.registry import METHODS
from cnnservice.computations import Question
from cnnservice.datasets.errors import TooManySamples
from cnnservice.drawing.grid import layout
from cnnservice.drawing.heat import heat, suitable_cmap, suitable_polarity, taken
from cnnservice.job_errors import EpochNotKept
from cnnservice.models import EpochName, Snapshot, open_snapshot
from cnnservice.results import Result
from cnnservice.sanity.costs import check_cost, check_methods
from cnnservice.specs.errors import BadSetting, LimitExceeded
from cnnservice.specs.sanity import SanityCheck

router = APIRouter(prefix="/v1/models/{model_id}", tags=["attributions"])
_PROBLEMS = (*MODEL, *SPLIT, *COMPUTED, UnusableLayer, TooManySamples)
_RESPONSES = {**ACCEPTED, **NOT_MODIFIED, **problems(*_PROBLEMS)}
# Wide enough for the names of methods below them.
_TILE_SIDE = 130
_CLIP = 99.0


@router.post(
    "/sanity_checks",
    status_code=202,
    summary="Check methods of attribution",
    response_model=ComputationAnswer,
    responses={202: LOCATED, **problems(*MODEL, *BODY, EpochNotKept, UnusableLayer, LimitExceeded)},
)
async def begin_sanity_check(
    model_id: str, services: ServicesDep, check: Annotated[SanityCheckBody, Body()] = SanityCheckBody()
) -> Response:
    """Begins the computation whose result `sanity_checks.json` and `.png` give: `links.result` says where."""
    snapshot = await run_in_threadpool(_open, services, model_id, check.epoch, check)
    said = {
        name: ",".join(value) if isinstance(value, tuple) else str(value).lower()
        for name, value in _arguments(check, snapshot).items()
    }
    place = f"/v1/models/{model_id}/sanity_checks.json?{QueryParams(said)}"
    return await begun(services, _question(check, snapshot), place)


@router.get(
    "/sanity_checks.json",
    summary="Which methods of attribution show what was learned",
    response_model=SanityAnswer,
    responses=_RESPONSES,
)
async def get_sanity_check(
    model_id: str, query: Annotated[SanityQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """For each method how alike its maps are before and after weights are made random, and a verdict."""
    checked = await _check(model_id, query, request, services)
    if isinstance(checked, Response):
        return checked
    check = _arguments(query, checked.snapshot)
    told = {"model_id": model_id, "epoch": check.pop("epoch"), "check": check, **checked.result.document}
    return checked.conditional.respond(SanityAnswer.model_validate(told), "application/json")


@router.get(
    "/sanity_checks.png",
    summary="Maps before and after randomization",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}},
        **ACCEPTED,
        **NOT_MODIFIED,
        **problems(*_PROBLEMS, BadSetting),
    },
)
async def draw_sanity_check_png(
    model_id: str, query: Annotated[SanityPictureQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Of the first image: a row a method, first its map as learned, then after each step of randomization."""
    if query.show is not None and query.randomization not in (query.show, "both"):
        raise BadSetting("?show", f"show is {query.show!r}; this check's randomization is {query.randomization!r}.")
    checked = await _check(model_id, query, request, services)
    if isinstance(checked, Response):
        return checked
    return checked.conditional.respond(await run_in_threadpool(_draw, checked.result, query, services), "image/png")


@dataclass(frozen=True)
class _Checked:
    """A model at an epoch, and what the check has found."""

    snapshot: Snapshot
    result: Result
    conditional: Conditional


async def _check(model_id: str, query: SanityQuery, request: Request, services: Services) -> _Checked | Response:
    snapshot = await run_in_threadpool(_open, services, model_id, query.epoch, query)
    conditional = Conditional(request, query.epoch, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    result = await computed(services, request, _question(query, snapshot), query, epoch=snapshot.epoch)
    return result if isinstance(result, Response) else _Checked(snapshot, result, conditional)


def _open(services: Services, model_id: str, epoch: EpochName, check: SanityCheck) -> Snapshot:
    snapshot = open_snapshot(services.database, model_id, epoch)
    check_methods(check, snapshot.summary())
    check_cost(check, snapshot.summary(), services.settings.max_sanity_operations)
    return snapshot


def _arguments(check: SanityCheck, snapshot: Snapshot) -> dict[str, object]:
    return {name: getattr(check, name) for name in SanityCheck.model_fields} | {"epoch": snapshot.epoch}


def _question(check: SanityCheck, snapshot: Snapshot) -> Question:
    return Question("sanity_check", [snapshot], _arguments(check, snapshot))


def _draw(result: Result, query: SanityPictureQuery, services: Services) -> bytes:
    kind = query.show or ("independent" if query.randomization == "independent" else "cascading")
    series = [kind, "data"] if query.data_randomization else [kind]
    tiles, labels = [], []
    for row, told in enumerate(result.document["methods"]):
        polarity = suitable_polarity(signed=METHODS[told["method"]].signed)
        maps = [result.arrays["original"][row, np.newaxis], *(result.arrays[name][row] for name in series)]
        values = taken(np.concatenate(maps), polarity)
        tiles.append(heat(values, polarity, clip=_CLIP, cmap=suitable_cmap(polarity)))
        labels.append(f"{told['method']}\nas learned")
        for name in series:
            labels += [f"{_what(step['layer'])}\nrank {step['rank']:.2f}" for step in told[name]]
    pictures = np.concatenate(tiles)
    height, width = pictures.shape[1:3]
    scale = max(1, round(_TILE_SIDE / max(height, width)))
    plan = layout(len(pictures), height, width, cols=len(tiles[0]), scale=scale, gap=8, labels=2)
    check_picture(plan, len(pictures), services.settings)
    return draw_images(pictures, plan, labels=labels)


def _what(layer: str) -> str:
    return "random labels" if layer == "all" else f"{layer} random"
