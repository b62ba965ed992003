"""An example for every schema that is sent or answered, and for every parameter."""

from __future__ import annotations

from typing import Any

from api.document.walk import Document, operations_in
from api.examples import attributions, datasets, inspection, jobs, models, service, sweeps
from api.examples.parameters import PARAMETERS

_EXAMPLES: dict[str, Any] = {
    **attributions.SCHEMAS,
    **datasets.SCHEMAS,
    **datasets.BODIES,
    **inspection.SCHEMAS,
    **jobs.SCHEMAS,
    **models.SCHEMAS,
    **service.SCHEMAS,
    **sweeps.SCHEMAS,
}


def illustrate(document: Document) -> None:
    """Put the examples where they belong."""
    schemas = document["components"]["schemas"]
    for name, example in _EXAMPLES.items():
        schemas[name]["example"] = example
    for operation in operations_in(document):
        for parameter in operation.get("parameters", ()):
            named, schema = PARAMETERS[parameter["in"]], parameter["schema"]
            name = parameter["name"]
            parameter["example"] = named[name] if name in named else _value(schema)
            if schema.get("description") == parameter.get("description"):
                schema.pop("description", None)


def _value(schema: dict[str, Any]) -> Any:
    """What a schema itself offers as an example."""
    if examples_given := schema.pop("examples", None):
        return examples_given[0]
    if "default" in schema:
        return schema["default"]
    first = next(iter(schema.get("anyOf", ())), schema)
    if "enum" in first:
        return first["enum"][0]
    return first["const"] if "const" in first else first["minimum"]
