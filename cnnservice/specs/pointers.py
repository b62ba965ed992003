"""JSON Pointers (RFC 6901) into a spec: what one names, and how something else is put there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from cnnservice.specs.base import Spec


class NoSuchPlace(Exception):
    """A pointer leads nowhere. It says why."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


def escaped(token: str) -> str:
    """A name as a pointer writes it."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens_of(pointer: str) -> list[str]:
    """The names and numbers that a pointer is made of."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def with_values(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """A spec as its JSON, without what it leaves out, and with values put where their pointers say.

    What is put in is not looked at: the result is to be parsed anew. A pointer may lead into what another put there.
    Raises NoSuchPlace.
    """
    document: dict[str, Any] = spec.model_dump(mode="json", exclude_unset=True)
    for pointer in sorted(values, key=lambda pointer: len(tokens_of(pointer))):
        _put(document, spec, pointer, deepcopy(values[pointer]))
    return document


def _put(document: Any, spec: Any, pointer: str, value: Any) -> None:
    here, said, tokens = document, "", tokens_of(pointer)
    for position, token in enumerate(tokens):
        last = position == len(tokens) - 1
        if isinstance(here, list):
            if not (token.isdecimal() and int(token) < len(here)):
                raise NoSuchPlace(pointer, f"{said} has {len(here)} parts, numbered from 0; there is no {token!r}.")
            place: Any = int(token)
        elif isinstance(here, dict):
            place = token
        else:
            raise NoSuchPlace(pointer, _nothing_in(said, here))
        spec = _part(spec, token)
        said += f"/{escaped(token)}"
        if last:
            here[place] = value
        elif isinstance(here, dict) and token not in here:
            # A default that something is to be put into: no more of it than which kind it is.
            if not isinstance(spec, BaseModel):
                raise NoSuchPlace(pointer, _nothing_in(said, spec))
            here[place] = spec.model_dump(mode="json", include={"name", "type"})
        here = here[place]


def _nothing_in(said: str, value: Any) -> str:
    return f"{said} is {value!r}, in which nothing can be put; write it out in base."


def _part(spec: Any, token: str) -> Any:
    """A part of a spec as it is by default; None where there is none."""
    if isinstance(spec, BaseModel):
        return getattr(spec, token, None) if token in type(spec).model_fields else None
    if isinstance(spec, Sequence) and not isinstance(spec, str) and token.isdecimal() and int(token) < len(spec):
        return spec[int(token)]
    return None
