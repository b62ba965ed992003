"""What every spec shares: frozen, and no field that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Discriminator, Tag, model_validator


class Spec(BaseModel):
    """A part of a request: immutable once parsed; an unknown field is an error that names it."""

    # Built when first used: most are only parts of others, and a fifth of the API's start went into building them.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,
        # A spec is answered with all that was left out of the request.
        json_schema_serialization_defaults_required=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _tell_truths_from_numbers(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        told_apart = _told_apart(cls)
        return {name: told_apart[name](value) if name in told_apart else value for name, value in data.items()}


class _Other:
    """Stands for true where a number is meant, and for 1 where a truth is: Python takes the one for the other."""


def _no_number(value: object) -> object:
    if isinstance(value, bool):
        return _Other()
    return [_no_number(part) for part in value] if isinstance(value, list) else value


def _no_numbers(value: object) -> object:
    """Of numbers by name."""
    return {name: _no_number(part) for name, part in value.items()} if isinstance(value, dict) else _no_number(value)


def _no_truth(value: object) -> object:
    return _Other() if isinstance(value, int | float) and not isinstance(value, bool) else value


@cache
def _told_apart(spec: type[Spec]) -> Mapping[str, Callable[[object], object]]:
    """By field, as it is written, what becomes of a value that is of the other kind."""
    found: dict[str, Callable[[object], object]] = {}
    for name, field in spec.model_fields.items():
        kinds = _kinds(field.annotation)
        if field.annotation is bool:
            found[field.alias or name] = _no_truth
        elif kinds & {int, float} and bool not in kinds:
            found[field.alias or name] = _no_numbers if dict in kinds else _no_number
    return found


def _kinds(annotation: Any) -> set[Any]:
    """An annotation, with all that it is made of."""
    parts = (part for part in get_args(annotation) if not isinstance(part, str | int))
    return {annotation, get_origin(annotation)}.union(*map(_kinds, parts))


def _how_it_is_said(value: object) -> str:
    return "<object>" if isinstance(value, Mapping | BaseModel) else "<plain>"


# For what may be said by a name or number, or by an object with arguments: an error is then about the one that was
# meant. The tags stand in an error's location, where no client wrote them; no field can have such a name.
PLAIN, OBJECT = Tag("<plain>"), Tag("<object>")
PLAIN_OR_OBJECT = Discriminator(_how_it_is_said)
