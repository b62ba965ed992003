"""Which values a sweep tries: those of a grid, or some drawn at random."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from cnnservice.specs.base import Spec
from cnnservice.specs.errors import BadSetting
from cnnservice.specs.pointers import escaped

# Draws in a row that were all drawn before: then there is nothing else, or so little that it is not worth the search.
_IN_VAIN = 1000
_DIGITS = 12
_MOST_VALUES = 1000
_POINTER = r"(/([^/~]|~[01])+)+"


class ParameterValues(Spec):
    """One of these."""

    values: Annotated[tuple[Any, ...], Field(min_length=1, max_length=_MOST_VALUES)]

    @model_validator(mode="after")
    def _each_once(self) -> ParameterValues:
        if len({_said(value) for value in self.values}) < len(self.values):
            raise ValueError("each value may be named once")
        return self

    def draw(self, generator: np.random.Generator) -> Any:
        """One at random."""
        return self.values[int(generator.integers(len(self.values)))]


class ParameterRange(Spec):
    """Numbers from low to high, both among them."""

    low: Annotated[float, Field(ge=-1e9, le=1e9)]
    high: Annotated[float, Field(ge=-1e9, le=1e9)]
    scale: Annotated[Literal["linear", "log"], Field(description="log: each power of ten has as many")] = "linear"
    integer: Annotated[bool, Field(description="whole numbers alone")] = False
    count: Annotated[
        int | None, Field(ge=2, le=_MOST_VALUES, description="of a grid, and of it alone: so many, evenly spread")
    ] = None

    @model_validator(mode="after")
    def _can_be(self) -> ParameterRange:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("low must be above 0 on a scale that is log")
        if self.integer and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError("low and high must be whole numbers where integer is true")
        return self

    def points(self, count: int) -> list[float | int]:
        """So many of them, evenly spread, low and high among them; of whole numbers fewer where some fall together."""
        spread = (np.geomspace if self.scale == "log" else np.linspace)(self.low, self.high, count).tolist()
        if self.integer:
            return list(dict.fromkeys(round(value) for value in spread))
        return [float(f"{value:.{_DIGITS}g}") for value in spread]

    def draw(self, generator: np.random.Generator) -> float | int:
        """One at random. On a log scale a whole number is as likely as the stretch that is rounded to it is long."""
        if self.integer and self.scale == "linear":
            return int(generator.integers(int(self.low), int(self.high), endpoint=True))
        if self.integer:
            drawn = math.exp(generator.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
            return min(max(round(drawn), int(self.low)), int(self.high))
        if self.scale == "log":
            drawn = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
            return min(max(drawn, self.low), self.high)
        return float(generator.uniform(self.low, self.high))


def _kind(value: object) -> str:
    named = isinstance(value, ParameterValues) or (isinstance(value, Mapping) and "values" in value)
    return "<values>" if named else "<range>"


Parameter = Annotated[
    Annotated[ParameterValues, Tag("<values>")] | Annotated[ParameterRange, Tag("<range>")],
    Discriminator(_kind),
]


def _pointer(value: str) -> str:
    if not re.fullmatch(_POINTER, value):
        raise ValueError("a JSON pointer into the job's spec begins with a slash, as /compile/optimizer/learning_rate")
    return value


# Not a pattern of the schema: what generators of clients make of patterns for names is of no use.
Pointer = Annotated[str, AfterValidator(_pointer)]


class GridSearch(Spec):
    """Every value of each parameter with every value of the others."""

    kind: Literal["grid"] = "grid"


class RandomSearch(Spec):
    """So many trials, each with values drawn anew; none is drawn twice. Source: Bergstra and Bengio 2012, JMLR 13."""

    kind: Literal["random"] = "random"
    trials: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 0


AnySearch = GridSearch | RandomSearch
Search = Annotated[AnySearch, Field(discriminator="kind")]
Parameters = Mapping[str, ParameterValues | ParameterRange]


def trial_count(search: AnySearch, parameters: Parameters) -> int:
    """How many trials there will be at the most. Raises BadSetting."""
    return search.trials if isinstance(search, RandomSearch) else math.prod(map(len, _axes(parameters).values()))


def trial_values(search: AnySearch, parameters: Parameters) -> list[dict[str, Any]]:
    """The values of each trial, by pointer. The first ones of a longer search are those of a shorter.

    Raises BadSetting.
    """
    return _drawn(search, parameters) if isinstance(search, RandomSearch) else list(_crossed(parameters))


def _axes(parameters: Parameters) -> dict[str, list[Any]]:
    axes: dict[str, list[Any]] = {}
    for pointer, parameter in parameters.items():
        if isinstance(parameter, ParameterValues):
            axes[pointer] = list(parameter.values)
        elif parameter.count is None:
            raise BadSetting(
                f"/parameters/{escaped(pointer)}/count", f"a grid needs to know how many values {pointer} has: count."
            )
        else:
            axes[pointer] = list(parameter.points(parameter.count))
    return axes


def _crossed(parameters: Parameters) -> Iterator[dict[str, Any]]:
    axes = _axes(parameters)
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _drawn(search: RandomSearch, parameters: Parameters) -> list[dict[str, Any]]:
    for pointer, parameter in parameters.items():
        if isinstance(parameter, ParameterRange) and parameter.count is not None:
            detail = f"count is for a grid; a random search draws any number of {pointer}."
            raise BadSetting(f"/parameters/{escaped(pointer)}/count", detail)
    generator, found = np.random.default_rng(search.seed), dict[str, dict[str, Any]]()
    in_vain = 0
    while len(found) < search.trials:
        values = {pointer: parameter.draw(generator) for pointer, parameter in parameters.items()}
        in_vain = in_vain + 1 if _said(values) in found else 0
        if in_vain == _IN_VAIN:
            raise BadSetting(
                "/search/trials",
                f"trials is {search.trials}; the parameters have no more than {len(found)} different values together.",
            )
        found.setdefault(_said(values), values)
    return list(found.values())


def _said(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
