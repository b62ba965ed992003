"""What every JSON answer is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict


class JsonAnswer(BaseModel):
    """Built when it is first given, as a Spec is when it is first read: a tenth of the API's start went into that."""

    # What has a default is there all the same.
    model_config = ConfigDict(defer_build=True, json_schema_serialization_defaults_required=True)


def tags(union: Any, name: str) -> Callable[[dict[str, Any]], None]:
    """Lets a text's JSON Schema list the tags of a union of models."""

    def list_them(schema: dict[str, Any]) -> None:
        members = get_args(get_args(union)[0])
        schema["enum"] = [tag for member in members for tag in get_args(member.model_fields[name].annotation)]

    return list_them


def nested(rank: int, kind: Literal["number", "integer"]) -> dict[str, Any]:
    """The JSON Schema of an array of so many dimensions, as lists of lists."""
    return {"type": "array", "items": nested(rank - 1, kind)} if rank else {"type": kind}
