"""What the generated OpenAPI document lacks."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api import examples
from api.attribution_query import parameters_in_openapi
from api.problems import Problem, problems


def complete(app: FastAPI) -> None:
    """Add the schema of problems, which routes refer to, in place of FastAPI's own of validation errors."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs") | {"Problem": problem}
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for name, example in examples.SCHEMAS.items():
                schemas[name]["example"] = example
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    if "/attributions/{method}." in path:
                        # Their query is read by the method, which FastAPI does not know of.
                        operation["parameters"] += parameters_in_openapi()
                    for parameter in operation.get("parameters", ()):
                        if parameter["name"] in examples.PARAMETERS and parameter["in"] != "query":
                            parameter["example"] = examples.PARAMETERS[parameter["name"]]
                    # What FastAPI adds by itself where a route has parameters.
                    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                        operation["responses"]["422"] = problems(422)[422]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
