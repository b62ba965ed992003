"""The service's answers held against its own OpenAPI document."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from httpx_sse import ServerSentEvent
from jsonschema import Draft202012Validator

_REFERENCE = "#/components/schemas/"
# Answers of an operation with a status.
_LOOKED_AT = 3


@dataclass(frozen=True)
class Operation:
    """What the document says of a method at a path."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        """Its operationId."""
        name: str = self.described["operationId"]
        return name

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Its paths."""
        return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path)))


class Contract:
    """A document, and what may be asked of it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
        self.operations = [
            Operation(method, path, described)
            for path, methods in document["paths"].items()
            for method, described in methods.items()
        ]

    def faults(self, schema: dict[str, Any], value: Any) -> list[str]:
        """What of a value does not fit a schema."""
        whole = {"allOf": [schema], "components": self.document["components"]}
        return [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(whole).iter_errors(value)]

    def faults_of_events(self, union: str, events: Iterable[ServerSentEvent]) -> list[str]:
        """What of a stream's events does not fit the schema of any of them."""
        schema = {"$ref": _REFERENCE + union}
        told = [
            {"event": event.event, "id": event.id, "data": json.loads(event.data)}
            for event in events
            if event.data  # httpx-sse makes an empty event of the comment that keeps a silent stream open
        ]
        return [fault for each in told for fault in self.faults(schema, each)]

    def problem_types(self, operation: Operation, status: str) -> dict[str, str]:
        """The schemas of the problems that an operation may answer with, by their `type`."""
        contents = operation.described["responses"].get(status, {}).get("content", {})
        schema = contents.get("application/problem+json", {}).get("schema", {})
        names = [option["$ref"].removeprefix(_REFERENCE) for option in schema.get("oneOf", [schema]) if option]
        return {self.schemas[name]["properties"]["type"]["const"]: name for name in names}

    def operation(self, request: httpx.Request) -> Operation | None:
        """What a request asks for; None where there is nothing."""
        method, path = request.method.lower(), request.url.path
        fitting = (known for known in self.operations if known.method == method and known.pattern.fullmatch(path))
        return next(fitting, None)

    def check_answer(self, response: httpx.Response) -> None:
        """An answer is of a status that the operation tells of, and as its schema says."""
        operation = self.operation(response.request)
        assert operation is not None, response.request.url
        described = operation.described["responses"].get(str(response.status_code))
        assert described is not None, f"{operation.name} does not tell of status {response.status_code}"
        faults = self.faults(described["content"]["application/json"]["schema"], response.json())
        assert not faults, (operation.name, faults[:3])

    def check_problem(self, request: httpx.Request, status: int, problem: dict[str, Any]) -> None:
        """A problem is of a type that the operation tells of, and as its schema says."""
        where = f"{request.method} {request.url.path}: {problem}"
        operation = self.operation(request)
        if operation is None:
            assert problem["type"] in ("/problems/not-found", "/problems/method-not-allowed"), where
            name = "Problem"
        else:
            told = self.problem_types(operation, str(status))
            assert problem["type"] in told, f"{where} is none of the types that {operation.name} tells of: {set(told)}"
            name = told[problem["type"]]
        faults = self.faults({"$ref": _REFERENCE + name}, problem)
        assert not faults, (where, name, faults)


class CheckedClient(httpx.Client):
    """Holds what it is answered with against the document, which it asks for once.

    Every problem; of JSON, which there is much of, the first few answers of each operation with each status.
    """

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=60)
        self._seen: Counter[tuple[str, int]] = Counter()

    @cached_property
    def contract(self) -> Contract:
        """What the service says of itself."""
        return Contract(httpx.get(self.base_url.join("/openapi.json"), timeout=60).json())

    def send(self, request: httpx.Request, *, stream: bool = False, **how: Any) -> httpx.Response:
        """See httpx. A stream is left to who reads it."""
        response = super().send(request, stream=stream, **how)
        # FastAPI names a kind also where there is no content.
        if not stream and request.method != "HEAD" and response.status_code != 204:
            self._check(response)
        return response

    def _check(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type")
        if kind == "application/problem+json":
            self.contract.check_problem(response.request, response.status_code, response.json())
        elif kind == "application/json" and (operation := self.contract.operation(response.request)) is not None:
            self._seen[operation.name, response.status_code] += 1
            if self._seen[operation.name, response.status_code] <= _LOOKED_AT:
                self.contract.check_answer(response)
