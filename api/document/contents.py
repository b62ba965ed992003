"""What is sent that is no JSON, and the headers of conditional requests."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from api.document.walk import REFERENCE, Document, operations_in
from api.event_schemas import ComputationEvent, JobEvent
from cnnservice.export.formats import FORMATS

_TEXT = ("text/", "image/svg+xml")
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of an answer that is here already: 304 says that it is still the answer",
    "schema": {"type": "string"},
}
# As far as this service writes one, in format 4.5.
_CELL = {
    "type": "object",
    "required": ["id", "cell_type", "metadata", "source"],
    "properties": {
        "id": {"type": "string"},
        "cell_type": {"type": "string", "enum": ["markdown", "code"]},
        "metadata": {"type": "object", "properties": {}},
        "source": {"type": "string"},
    },
}
_NOTEBOOK: dict[str, Any] = {
    "type": "object",
    "required": ["nbformat", "nbformat_minor", "metadata", "cells"],
    "properties": {
        "nbformat": {"type": "integer", "const": 4},
        "nbformat_minor": {"type": "integer", "const": 5},
        "metadata": {"type": "object", "properties": {}},
        "cells": {"type": "array", "items": _CELL},
    },
}
_HEADERS = {
    "ETag": {"description": "of these very bytes", "schema": {"type": "string"}},
    "Cache-Control": {"description": "an explicit epoch's answer is for ever", "schema": {"type": "string"}},
}


def add_events(document: Document) -> None:
    """The schemas of events, to which the streams refer."""
    models = [(JobEvent, "serialization"), (ComputationEvent, "serialization")]
    _, schemas = models_json_schema(models, ref_template=f"{REFERENCE}{{model}}")  # type: ignore[arg-type]
    document["components"]["schemas"] |= schemas["$defs"]
    for operation in operations_in(document):
        # A word of OpenAPI 3.2 for a stream of texts.
        operation["responses"].get("200", {}).get("content", {}).get("text/event-stream", {}).pop("itemSchema", None)


def describe_files(document: Document) -> None:
    """A text is a string, a notebook the JSON that it is, and any other file binary."""
    for operation in operations_in(document):
        for response in operation["responses"].values():
            for media_type, content in response.get("content", {}).items():
                if not content.get("schema"):
                    content["schema"] = _file_schema(media_type)


def _file_schema(media_type: str) -> dict[str, Any]:
    if media_type.startswith(_TEXT):
        return {"type": "string"}
    return _NOTEBOOK if media_type == FORMATS["notebook"].media_type else {"type": "string", "format": "binary"}


def describe_conditions(document: Document) -> None:
    """Where 304 may be the answer, the header that asks for it, and those that make it possible."""
    for operation in operations_in(document):
        if "304" in operation["responses"]:
            operation.setdefault("parameters", []).append(dict(_IF_NONE_MATCH))
            for status in ("200", "304"):
                operation["responses"][status].setdefault("headers", {}).update(_HEADERS)
