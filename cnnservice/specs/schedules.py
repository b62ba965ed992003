"""How the learning rate changes with the step, counted in batches from 0; arguments are Keras' own."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cnnservice.specs.base import OBJECT, PLAIN, PLAIN_OR_OBJECT, Spec

Rate = Annotated[float, Field(gt=0, le=10)]
Steps = Annotated[int, Field(ge=1, le=1 << 40)]


class Schedule(Spec):
    """A schedule of keras.optimizers.schedules."""


class ExponentialDecay(Schedule):
    """initial * decay_rate ** (step / decay_steps); with staircase, of the whole part."""

    name: Literal["exponential_decay"]
    initial_learning_rate: Rate
    decay_steps: Steps
    decay_rate: Annotated[float, Field(gt=0, le=1)]
    staircase: bool = False


class InverseTimeDecay(Schedule):
    """initial / (1 + decay_rate * step / decay_steps); with staircase, of the whole part."""

    name: Literal["inverse_time_decay"]
    initial_learning_rate: Rate
    decay_steps: Steps
    decay_rate: Annotated[float, Field(gt=0, le=1e6)]
    staircase: bool = False


class PiecewiseConstantDecay(Schedule):
    """values[0] up to step boundaries[0], then values[1] up to boundaries[1], and so on."""

    name: Literal["piecewise_constant_decay"]
    boundaries: Annotated[tuple[Steps, ...], Field(min_length=1, max_length=100)]
    values: Annotated[tuple[Rate, ...], Field(min_length=2, max_length=101)]

    @model_validator(mode="after")
    def _one_more_value(self) -> PiecewiseConstantDecay:
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(f"{len(self.boundaries)} boundaries need {len(self.boundaries) + 1} values")
        if any(later <= earlier for earlier, later in pairwise(self.boundaries)):
            raise ValueError("boundaries must grow")
        return self


class CosineDecay(Schedule):
    """Half a cosine from the initial rate to alpha times it, after a linear warm-up where one is given.

    During warmup_steps the rate grows from initial_learning_rate to warmup_target, from which it then decays.
    Source: arXiv 1608.03983, without restarts.
    """

    name: Literal["cosine_decay"]
    initial_learning_rate: Annotated[float, Field(ge=0, le=10)]
    decay_steps: Steps
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.0
    warmup_target: Rate | None = None
    warmup_steps: Annotated[int, Field(ge=0, le=1 << 40)] = 0

    @model_validator(mode="after")
    def _warm_up_is_whole(self) -> CosineDecay:
        if (self.warmup_target is None) != (self.warmup_steps == 0):
            raise ValueError("a warm-up needs both warmup_target and warmup_steps")
        return self


AnySchedule = Annotated[
    ExponentialDecay | InverseTimeDecay | PiecewiseConstantDecay | CosineDecay, Field(discriminator="name")
]
LearningRate = Annotated[Annotated[Rate, PLAIN] | Annotated[AnySchedule, OBJECT], PLAIN_OR_OBJECT]
