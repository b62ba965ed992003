"""What the endpoints of attributions answer with."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from api.json_answer import JsonAnswer, nested
from api.schemas import Grid, SliceRange
from cnnservice.attributions.method import Method
from cnnservice.attributions.registry import MethodName
from cnnservice.drawing.heat import Polarity

Details = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {"type": "object", "additionalProperties": {"anyOf": [nested(rank, "number") for rank in (0, 1, 2)]}}
    ),
]


class MethodAnswer(JsonAnswer):
    """A method of attribution, with what to know before its maps are believed."""

    name: MethodName
    title: str
    description: str
    source: str = Field(description="where it was published: an arXiv id or a DOI")
    trust: str = Field(description="when its maps may be believed, and when not")
    signed: bool = Field(description="whether a value's sign says for or against the class")
    parameters: dict[str, Any] = Field(description="its own, by name, each as JSON Schema with its default")


class MethodList(JsonAnswer):
    """All methods."""

    items: list[MethodAnswer]


class AttributionAnswer(JsonAnswer):
    """What an image's pixels have to do with the score of a class; `values` are the maps drawn, (n, H, W)."""

    model_id: str
    epoch: int
    image: str
    label: int | None = Field(description="the true class of a data set's image")
    method: MethodName
    parameters: dict[str, float | int | str | bool | None] = Field(description="those of the method, with its defaults")
    target: int = Field(serialization_alias="class", validation_alias="class")
    class_name: str
    predicted: int = Field(description="the class with the greatest score")
    score: float = Field(description="of the class: its logit, or the output of a network that has none")
    probability: float
    polarity: Polarity
    total: float = Field(description="the sum of the attribution over all pixels and channels, with signs")
    details: Details = Field(description="what else the method found: numbers and arrays by name")
    slice_shape: list[int]
    grid: Grid
    indices: list[int] = Field(description="the colour channels drawn; [0] where all make one map")
    slices: list[SliceRange]
    values: list[list[list[float]]]


def method_answer(method: type[Method]) -> MethodAnswer:
    """A method as its JSON."""
    schema = method.model_json_schema()
    return MethodAnswer(
        name=method.name,
        title=method.title,
        description=method.__doc__ or "",
        source=method.source,
        trust=method.trust,
        signed=method.signed,
        parameters=schema.get("properties", {}),
    )
