"""The query of an attribution: what is common to all methods, and what its method has of its own."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.queries import AttributionQuery
from cnnservice.attributions.method import Method
from cnnservice.attributions.registry import METHODS, find_method
from cnnservice.errors import FieldError, InvalidError

Model = TypeVar("Model", bound=BaseModel)


class UnknownParameter(InvalidError):
    """The method has no such parameter."""

    code = "unknown-parameter"
    title = "Unknown parameter"

    def __init__(self, names: list[str], method: type[Method]) -> None:
        own = ", ".join(method.model_fields) or "none"
        detail = f"{', '.join(names)}: {method.name} knows of no such parameter. Its own: {own}; for every method: "
        detail += f"{', '.join(_names(AttributionQuery))}."
        super().__init__(detail, errors=tuple(FieldError(f"?{name}", detail) for name in names))


def read_query(name: str, request: Request) -> tuple[AttributionQuery, Method]:
    """What the query says. Raises UnknownMethod, UnknownParameter, RequestValidationError."""
    method, common, own = find_method(name), dict[str, str](), dict[str, str]()
    for key, value in request.query_params.items():
        (own if key in method.model_fields else common)[key] = value
    if unknown := [key for key in common if key not in _names(AttributionQuery)]:
        raise UnknownParameter(unknown, method)
    return _validated(AttributionQuery, common), _validated(method, own)


def parameters_in_openapi() -> list[dict[str, Any]]:
    """Every parameter of the common ones and of all methods, as the OpenAPI document has parameters.

    One that several methods have is described once, with the names of all of them.
    """
    described = dict(_properties(AttributionQuery))
    having: dict[str, list[str]] = {}
    for method in METHODS.values():
        for name, field in _properties(method).items():
            described.setdefault(name, field)
            having.setdefault(name, []).append(method.name)
    return [
        {
            "name": name,
            "in": "query",
            "required": name == "image",
            "description": _of(having.get(name)) + field.get("description", ""),
            "schema": {key: value for key, value in field.items() if key not in ("description", "title")},
        }
        for name, field in described.items()
    ]


def _of(methods: list[str] | None) -> str:
    return f"of {', '.join(methods)}: " if methods else ""


def _properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = (
        model.model_json_schema(by_alias=True)["properties"] if model.model_fields else {}
    )
    return properties


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _validated(model: type[Model], given: dict[str, str]) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**item, "loc": ("query", *item["loc"])} for item in error.errors()]) from None
