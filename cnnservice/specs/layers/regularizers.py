"""What a weight's size costs: by Keras' name, which stands for factors of 0.01, or with factors of one's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cnnservice.specs.base import Spec

RegularizerName = Literal["l1", "l2", "l1_l2"]
Factor = Annotated[float, Field(ge=0, le=1e3)]


class RegularizerSpec(Spec):
    """A regularizer with arguments, as in keras.regularizers."""


class L1(RegularizerSpec):
    """keras.regularizers.L1: factor times the sum of absolute values."""

    name: Literal["l1"]
    l1: Factor = 0.01


class L2(RegularizerSpec):
    """keras.regularizers.L2: factor times the sum of squares."""

    name: Literal["l2"]
    l2: Factor = 0.01


class L1L2(RegularizerSpec):
    """keras.regularizers.L1L2: both."""

    name: Literal["l1_l2"]
    l1: Factor = 0.01
    l2: Factor = 0.01


def _by_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Regularizer = Annotated[
    L1 | L2 | L1L2,
    Field(discriminator="name"),
    BeforeValidator(_by_name, json_schema_input_type=RegularizerName | L1 | L2 | L1L2),
]
