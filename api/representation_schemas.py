"""What is told of representations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.json_answer import JsonAnswer
from cnnservice.representations.separability import NEIGHBORS
from cnnservice.specs.embedding import Method


class Embedding(JsonAnswer):
    """A layer's representation of test images in the plane."""

    model_id: str
    epoch: int
    layer: str
    method: Method
    parameters: dict[str, float] = Field(description="those of the method, also where they were not given")
    dimensions: int = Field(description="of the representation")
    reduced_to: int | None = Field(description="principal components that the method saw of it; null where it saw all")
    explained_variance: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        description="of a PCA, the share of the variance along each axis; null where all points are one"
    )
    silhouette: float | None = Field(
        description="-1..1, how far classes lie apart in the representation itself; null where all points are one"
    )
    neighbor_accuracy: float | None = Field(
        description=f"0..1, how many are of the class that most of their {NEIGHBORS} nearest are of, in the "
        "representation itself"
    )
    classes: list[str]
    points: list[tuple[float, float]]
    labels: list[int] = Field(description="each point's class")
    images: list[str] = Field(description="each point's image")


class Compared(JsonAnswer):
    """A layer at an epoch."""

    model_id: str
    epoch: int
    layer: str


class Similarity(JsonAnswer):
    """How alike representations are: linear CKA, 0..1."""

    samples: int = Field(description="test images")
    rows: list[Compared]
    columns: list[Compared]
    values: list[list[float | None]] = Field(description="a list a row; null where one says the same of all images")
