"""An image as a model reads it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.caching import Conditional
from api.drawn import draw_images
from api.inputs import load_pixels
from api.problem_groups import IMAGE, MODEL
from api.problems import NOT_MODIFIED, problems
from api.queries import ImageText, Invert
from api.services import ServicesDep
from api.sheets import check_picture
from cnnservice.drawing.grid import layout
from cnnservice.models import open_snapshot
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import LimitExceeded

router = APIRouter(prefix="/v1/models/{model_id}", tags=["predictions"])


class InputQuery(Spec):
    """Which image, and how large it is drawn."""

    image: ImageText
    invert: Invert = "auto"
    scale: Annotated[int | None, Field(ge=1, le=256, description="pixels a pixel; about 80 a side when not given")] = (
        None
    )


@router.get(
    "/input.png",
    summary="An image as the model reads it",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **NOT_MODIFIED, **problems(*MODEL, *IMAGE, LimitExceeded)},
)
def draw_input_png(
    model_id: str, query: Annotated[InputQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """An upload turned upright, on the data set's background, in its channels and size; before it is normalised."""
    snapshot = open_snapshot(services.database, model_id, 0)
    # The same at every epoch: what decides is the data set.
    conditional = Conditional(request, 0, snapshot.identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    pixels = load_pixels(services, snapshot, query.image, query.invert)
    plan = layout(1, *pixels.shape[:2], scale=query.scale)
    check_picture(plan, 1, services.settings)
    return conditional.respond(draw_images(pixels[np.newaxis], plan), "image/png")
