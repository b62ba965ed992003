"""Every setting as a page of Markdown, made from the settings themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from cnnservice.settings import Settings

_HEAD = """\
# Settings

Each is an environment variable. Sizes are bytes, times seconds, unless a name says otherwise. This page is made by
`cnnservice settings > docs/settings.md`.
"""
_TITLE = re.compile(r"    # (.+)")
_FIELD = re.compile(r"    (\w+): ")
_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def settings_page() -> str:
    """The page: a table for each group of settings, in the order of the source."""
    parts = [_HEAD]
    for title, names in _groups():
        rows = [_row(name, Settings.model_fields[name]) for name in names]
        parts.append(f"\n## {title.rstrip('.')}\n\n| name | type | default | meaning |\n|---|---|---|---|\n")
        parts.extend(rows)
    return "".join(parts)


def _groups() -> Iterator[tuple[str, list[str]]]:
    title, names = "", list[str]()
    for line in inspect.getsource(Settings).splitlines():
        if match := _TITLE.fullmatch(line):
            if names:
                yield title, names
            title, names = match[1], []
        elif (match := _FIELD.match(line)) and match[1] in Settings.model_fields:
            names.append(match[1])
    yield title, names


def _row(name: str, field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(rule, attribute)}"
        for rule in field.metadata
        for attribute, sign in _SIGNS.items()
        if getattr(rule, attribute, None) is not None
    ]
    kind = ", ".join([_kind(field.annotation), *bounds])
    return f"| `CNNSERVICE_{name.upper()}` | {kind} | {_default(name, field.default)} | {field.description} |\n"


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(map(str, get_args(annotation)))
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    kind = kinds[0] if type(None) in get_args(annotation) else annotation
    names = {int: "whole number", float: "number", bool: "true or false", str: "text"}
    return names.get(kind, "folder" if getattr(kind, "__name__", "") == "Path" else "names, between commas")


def _default(name: str, value: Any) -> str:
    if value is None or value == ():
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if name.endswith("_bytes"):
        for unit, size in _UNITS:
            if value >= size and value % size == 0:
                return f"{value} ({value // size} {unit})"
    return f"{value:g}" if isinstance(value, float) else str(value)
