"""The schemas of problems, which routes refer to."""

from __future__ import annotations

from api.document.walk import REFERENCE, Document, operations_in
from api.problem_types import NOTHING_HERE, WRONG_METHOD
from api.problems import KNOWN, ProblemField


def add_problems(document: Document) -> None:
    """A schema a type, and `Problem`, which is any of them; nothing of FastAPI's own validation errors."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in operations_in(document):
        # FastAPI adds it to whatever has parameters, also where every text is allowed.
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            del operation["responses"]["422"]
    types = {**KNOWN, **{kind.schema_name: kind for kind in (NOTHING_HERE, WRONG_METHOD)}}
    schemas["ProblemField"] = ProblemField.model_json_schema(mode="serialization")
    for name in sorted(types):
        schemas[name] = types[name].schema()
    schemas["Problem"] = {
        "description": "RFC 9457: what was wrong and what is allowed. `type` says which of these it is.",
        "oneOf": [{"$ref": REFERENCE + name} for name in sorted(types)],
        "discriminator": {
            "propertyName": "type",
            "mapping": {types[name].uri: REFERENCE + name for name in sorted(types)},
        },
    }
