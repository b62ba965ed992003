"""How many test images a representation is made of."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt, prod
from typing import Annotated

from pydantic import Field

from cnnservice.settings import Settings
from cnnservice.specs.architecture import LayerSummary
from cnnservice.specs.base import Spec
from cnnservice.specs.embedding import LEAST_IMAGES
from cnnservice.specs.errors import BadSetting, LimitExceeded


class ImagesQuery(Spec):
    """How many images."""

    images: Annotated[
        int | None,
        Field(
            ge=LEAST_IMAGES,
            description="test images, evenly spread; as many as there are, or limits admit, when not given",
        ),
    ] = None


def images_represented(
    asked: int | None, tested: int, layers: Iterable[LayerSummary], settings: Settings, *, kept: int = 0
) -> int:
    """The number of images, of those that a model is tested on, whose outputs of each layer are looked at.

    Beside a layer's outputs for all of them, kept square matrices of so many rows are held. Raises BadSetting,
    LimitExceeded.
    """
    if asked is not None and asked > tested:
        raise BadSetting("?images", f"images is {asked}; the model is tested on {tested} (test_samples of its job).")
    widest = max(prod(layer.output_shape) for layer in layers)
    most, values = settings.max_represented_images, settings.max_representation_values
    fitting = min(values // widest, isqrt(values // kept) if kept else values)
    number = min(tested, most, max(fitting, LEAST_IMAGES)) if asked is None else asked
    if number > most:
        raise LimitExceeded("?images", "images", number, most, "CNNSERVICE_MAX_REPRESENTED_IMAGES")
    held = max(number * widest, kept * number**2)
    if held > values:
        what = f"what is held of {number} images, in numbers,"
        raise LimitExceeded("?images", what, held, values, "CNNSERVICE_MAX_REPRESENTATION_VALUES")
    return number
