"""Losses and metrics a client may name. Labels are one-hot, so those for class indices are not among them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.base import OBJECT, PLAIN, PLAIN_OR_OBJECT, Spec

LossName = Literal[
    "categorical_crossentropy", "binary_crossentropy", "categorical_focal_crossentropy", "kl_divergence", "poisson",
    "mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "categorical_hinge", "squared_hinge", "hinge",
    "cosine_similarity",
]  # fmt: skip
Smoothing = Annotated[float, Field(ge=0, le=1)]


class LossSpec(Spec):
    """A loss of keras.losses with arguments."""


class CategoricalCrossentropy(LossSpec):
    """keras.losses.CategoricalCrossentropy. from_logits: the last layer has no softmax of its own."""

    name: Literal["categorical_crossentropy"]
    from_logits: bool = False
    label_smoothing: Smoothing = 0.0


class BinaryCrossentropy(LossSpec):
    """keras.losses.BinaryCrossentropy: each class a question of its own."""

    name: Literal["binary_crossentropy"]
    from_logits: bool = False
    label_smoothing: Smoothing = 0.0


class CategoricalFocalCrossentropy(LossSpec):
    """keras.losses.CategoricalFocalCrossentropy. Source: arXiv 1708.02002."""

    name: Literal["categorical_focal_crossentropy"]
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.25
    gamma: Annotated[float, Field(ge=0, le=10)] = 2.0
    from_logits: bool = False
    label_smoothing: Smoothing = 0.0


AnyLoss = Annotated[
    CategoricalCrossentropy | BinaryCrossentropy | CategoricalFocalCrossentropy, Field(discriminator="name")
]
Loss = Annotated[Annotated[LossName, PLAIN] | Annotated[AnyLoss, OBJECT], PLAIN_OR_OBJECT]

Metric = Literal[
    "categorical_accuracy", "accuracy", "top_k_categorical_accuracy", "precision", "recall", "auc",
    "categorical_crossentropy", "binary_crossentropy", "kl_divergence", "mean_squared_error", "mean_absolute_error",
    "cosine_similarity",
]  # fmt: skip


def less_is_better(name: str) -> bool:
    """Whether a loss or metric, also of validation, gets better as it falls: all but those that count what is right."""
    more_is_better = ("accuracy", "precision", "recall", "auc", "cosine_similarity")
    return not name.endswith(more_is_better)


def loss_name(loss: Loss) -> str:
    """What it is called, with arguments or without."""
    return loss if isinstance(loss, str) else loss.name


def takes_logits(loss: Loss) -> bool:
    """Whether it applies a softmax or sigmoid itself."""
    return isinstance(loss, LossSpec) and bool(getattr(loss, "from_logits", False))
