"""Query parameters, as typed models: one that is not known is an error that names it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cnnservice.models import EpochName
from cnnservice.specs.base import Spec
from cnnservice.specs.drawing import FilterDrawing, HeatDrawing, SheetDrawing
from cnnservice.specs.sanity import SanityCheck


def _epoch(value: Any) -> Any:
    if value == "last" or (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
        return value if value == "last" else int(value)
    if isinstance(value, int) and value >= 0:
        return value
    raise ValueError("an epoch is a whole number from 0 (the initial weights), or 'last'")


EpochValue = Annotated[
    EpochName,
    BeforeValidator(_epoch),
    Field(description="`last`, or a number: 0 is before training, n after the n-th epoch", examples=["last", 3]),
]
ImageText = Annotated[
    str,
    Field(
        max_length=200,
        description="an image reference: dataset:split:index, or upload:sha256",
        examples=["mnist:test:0"],
    ),
]
Invert = Annotated[
    Literal["auto", "true", "false"],
    Field(description="of an upload: swap light and dark; `auto` does it where the background is not the data set's"),
]


class EpochQuery(Spec):
    """Which epoch."""

    epoch: EpochValue = "last"


class WaitQuery(Spec):
    """How patient the client is with what takes long."""

    wait: Annotated[
        float | None,
        Field(
            ge=0,
            description="seconds until 202 is the answer to what takes longer; 0 does not wait",
            examples=[0],
        ),
    ] = None


class FilterQuery(FilterDrawing, EpochQuery):
    """Parameters of `filters` and `animation`."""


class ImageQuery(EpochQuery):
    """Which image, at which epoch."""

    image: ImageText
    invert: Invert = "auto"


class ActivationQuery(SheetDrawing, ImageQuery):
    """Parameters of `activations` of an image named by reference."""


class AttributionQuery(HeatDrawing, ImageQuery):
    """Parameters of every attribution; each method has its own beside them."""

    target: Annotated[
        int | None,
        Field(ge=0, lt=1 << 31, alias="class", description="index of a class; the one predicted when not given"),
    ] = None


class SanityQuery(SanityCheck, EpochQuery, WaitQuery):
    """Parameters of a sanity check's result."""


class SanityPictureQuery(SanityQuery):
    """Parameters of a sanity check's picture."""

    show: Annotated[
        Literal["cascading", "independent"] | None,
        Field(description="which randomization's maps are drawn; cascading where both were made"),
    ] = None


class OneShotQuery(EpochQuery):
    """Parameters of what is computed for an image in the body."""

    invert: Invert = "auto"


class OneShotPredictionQuery(SheetDrawing, OneShotQuery):
    """Parameters of a prediction for an image in the body, and of its picture."""


class OneShotActivationQuery(SheetDrawing, OneShotQuery):
    """Parameters of activations for an image in the body."""

    layer: Annotated[str, Field(max_length=64, description="the layer's name", examples=["Conv1"])]
