"""Where weights begin: by Keras' name, or with arguments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cnnservice.specs.base import OBJECT, PLAIN, PLAIN_OR_OBJECT, Spec

InitializerName = Literal[
    "random_uniform", "random_normal", "truncated_normal", "glorot_uniform", "glorot_normal", "he_uniform",
    "he_normal", "lecun_uniform", "lecun_normal", "variance_scaling", "orthogonal", "zeros", "ones",
]  # fmt: skip

Value = Annotated[float, Field(ge=-1e6, le=1e6)]


class InitializerSpec(Spec):
    """An initializer with arguments, as in keras.initializers."""


class RandomUniform(InitializerSpec):
    """keras.initializers.RandomUniform."""

    name: Literal["random_uniform"]
    minval: Value = -0.05
    maxval: Value = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> RandomUniform:
        if self.minval >= self.maxval:
            raise ValueError(f"minval is {self.minval}; it must be below maxval, which is {self.maxval}")
        return self


class RandomNormal(InitializerSpec):
    """keras.initializers.RandomNormal."""

    name: Literal["random_normal"]
    mean: Value = 0.0
    stddev: Annotated[float, Field(gt=0, le=1e6)] = 0.05


class TruncatedNormal(InitializerSpec):
    """keras.initializers.TruncatedNormal: what is more than two standard deviations away is drawn again."""

    name: Literal["truncated_normal"]
    mean: Value = 0.0
    stddev: Annotated[float, Field(gt=0, le=1e6)] = 0.05


class Constant(InitializerSpec):
    """keras.initializers.Constant."""

    name: Literal["constant"]
    value: Value = 0.0


AnyInitializer = Annotated[RandomUniform | RandomNormal | TruncatedNormal | Constant, Field(discriminator="name")]
Initializer = Annotated[Annotated[InitializerName, PLAIN] | Annotated[AnyInitializer, OBJECT], PLAIN_OR_OBJECT]


def constant_value(initializer: Initializer) -> float | None:
    """The one value that every weight begins with, None where they differ."""
    if isinstance(initializer, Constant):
        return initializer.value
    if isinstance(initializer, str):
        return {"zeros": 0.0, "ones": 1.0}.get(initializer)
    return None
