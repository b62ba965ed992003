"""Going through a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
REFERENCE = "#/components/schemas/"
# What holds values of a schema, not schemas.
_VALUES = frozenset({"example", "examples", "default", "const", "enum", "mapping", "required"})


def schemas_in(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document that is no value, the outermost first."""
    if isinstance(part, dict):
        yield part
        for name, inner in list(part.items()):
            if name == "properties" and isinstance(inner, dict):
                for each in list(inner.values()):
                    yield from schemas_in(each)
            elif name not in _VALUES:
                yield from schemas_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schemas_in(inner)


def operations_in(document: Document) -> Iterator[dict[str, Any]]:
    """Every operation."""
    for methods in document["paths"].values():
        yield from methods.values()


def name_of(reference: str) -> str:
    """The schema that a reference names."""
    return reference.removeprefix(REFERENCE)
