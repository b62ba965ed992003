"""Optimizers a client may name; arguments are Keras' own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.base import Spec
from cnnservice.specs.schedules import LearningRate

Fraction = Annotated[float, Field(ge=0, lt=1)]
Epsilon = Annotated[float, Field(gt=0, le=1)]
Decay = Annotated[float, Field(ge=0, le=10)]


class Optimizer(Spec):
    """An optimizer of keras.optimizers."""

    @property
    def slots(self) -> int:
        """Numbers it remembers for each parameter that is trained."""
        raise NotImplementedError


class SGD(Optimizer):
    """keras.optimizers.SGD."""

    name: Literal["sgd"] = "sgd"
    learning_rate: LearningRate = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False

    @property
    def slots(self) -> int:
        """See Optimizer."""
        return int(self.momentum > 0)


class Adam(Optimizer):
    """keras.optimizers.Adam. Source: arXiv 1412.6980."""

    name: Literal["adam"] = "adam"
    learning_rate: LearningRate = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Epsilon = 1e-7
    amsgrad: bool = False

    @property
    def slots(self) -> int:
        """See Optimizer."""
        return 2 + self.amsgrad


class AdamW(Optimizer):
    """keras.optimizers.AdamW: Adam with weight decay apart from the gradient. Source: arXiv 1711.05101."""

    name: Literal["adamw"] = "adamw"
    learning_rate: LearningRate = 0.001
    weight_decay: Decay = 0.004
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Epsilon = 1e-7
    amsgrad: bool = False

    @property
    def slots(self) -> int:
        """See Optimizer."""
        return 2 + self.amsgrad


class RMSprop(Optimizer):
    """keras.optimizers.RMSprop."""

    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: LearningRate = 0.001
    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    epsilon: Epsilon = 1e-7
    centered: bool = False

    @property
    def slots(self) -> int:
        """See Optimizer."""
        return 1 + (self.momentum > 0) + self.centered


class Adagrad(Optimizer):
    """keras.optimizers.Adagrad. Source: Duchi et al., JMLR 12 (2011)."""

    name: Literal["adagrad"] = "adagrad"
    learning_rate: LearningRate = 0.001
    initial_accumulator_value: Annotated[float, Field(ge=0, le=10)] = 0.1
    epsilon: Epsilon = 1e-7

    @property
    def slots(self) -> int:
        """See Optimizer."""
        return 1


AnyOptimizer = Annotated[SGD | Adam | AdamW | RMSprop | Adagrad, Field(discriminator="name")]
