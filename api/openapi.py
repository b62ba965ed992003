"""What the generated OpenAPI document lacks."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from api.problems import Problem


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
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
