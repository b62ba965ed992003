"""Optimizers a client may name; arguments are Keras' own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.base import Spec

LearningRate = Annotated[float, Field(gt=0, le=10)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class SGD(Spec):
    """keras.optimizers.SGD."""

    name: Literal["sgd"] = "sgd"
    learning_rate: LearningRate = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False


class Adam(Spec):
    """keras.optimizers.Adam. Source: arXiv 1412.6980."""

    name: Literal["adam"] = "adam"
    learning_rate: LearningRate = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Annotated[float, Field(gt=0, le=1)] = 1e-7


AnyOptimizer = Annotated[SGD | Adam, Field(discriminator="name")]
