"""What is done for somebody who has gone: its log lines and spans say whose wish it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from cnnservice.telemetry.context import bound
from cnnservice.telemetry.tracing import Carrier, span


@contextmanager
def followed(asker: Carrier, name: str, **told: str | int) -> Iterator[None]:
    """A span of its own trace, linked to the request that asked; told and that request's id are bound in the block."""
    if "request_id" in asker:
        told = {**told, "request_id": asker["request_id"]}
    with bound(**told), span(name, SpanKind.CONSUMER, cause=asker, attributes=told):
        yield
