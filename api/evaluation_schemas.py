"""What evaluation and comparison answer with."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.json_answer import JsonAnswer
from api.schemas import Lineage, OptimizerName
from cnnservice.jobs import Status


class ClassEvaluation(JsonAnswer):
    """One class; null where nothing was called so, or none is."""

    class_index: int = Field(serialization_alias="class", validation_alias="class")
    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class Mistake(JsonAnswer):
    """An image that is taken for another class."""

    image: str
    url: str
    label: int
    label_name: str
    predicted: int
    predicted_name: str
    probability: float = Field(description="of the wrong answer; outputs that do not sum to 1 are divided by their sum")
    label_probability: float = Field(description="of the right one")


class Evaluation(JsonAnswer):
    """A model over its test split at an epoch."""

    model_id: str
    epoch: int
    samples: int
    loss: float | None = Field(description="null where it is no number")
    accuracy: float
    top_5_accuracy: float
    classes: list[ClassEvaluation]
    confusion: list[list[int]] = Field(description="rows are true, columns predicted")
    mistakes: list[Mistake] = Field(description="the surest first")
    mistakes_total: int


class ComparedModel(JsonAnswer):
    """One model in a comparison."""

    id: str
    dataset: str
    architecture: str = Field(description="a preset's name, or `custom`")
    status: Status
    layers: int
    params: int
    optimizer: OptimizerName
    epochs: int = Field(description="of the last that is stored")
    latest: dict[str, float] | None
    best_epoch: int | None = Field(description="that of the least validation loss")
    best: dict[str, float] | None
    seconds_per_epoch: float | None
    seconds: float
    lineage: Lineage
    history: dict[str, list[float]]


class Difference(JsonAnswer):
    """A setting in which models differ, by JSON pointer into their specs."""

    field: str
    values: dict[str, Any]


class Comparison(JsonAnswer):
    """Models side by side."""

    models: list[ComparedModel]
    differences: list[Difference]
