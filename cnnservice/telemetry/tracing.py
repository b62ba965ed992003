"""Spans, by OpenTelemetry. They cost next to nothing, and go nowhere, until start_tracing has been called."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import propagate, trace
from opentelemetry.trace import Link, Span, SpanKind

from cnnservice.settings import Settings
from cnnservice.telemetry.context import fields

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("cnnservice")
# A worker's child that is killed takes with it what it has not sent.
_SEND_EVERY_MILLISECONDS = 1000
_provider: TracerProvider | None = None

Carrier = Mapping[str, str]
Attribute = str | int | float
_NONE: Mapping[str, Attribute] = {}


def start_tracing(settings: Settings, service: str) -> None:
    """Send spans to the endpoint of the settings, where there is one.

    To be called after a fork, not before: what sends them is a thread.
    """
    global _provider
    if settings.otlp_endpoint is None:
        return
    # 0.4 s and 13 MB that a service without an endpoint does not pay.
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from cnnservice.telemetry.span_ids import SystemIds
    except ImportError:
        _log.error("no traces are sent: pip install 'cnnservice[trace]'")
        return
    _provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=SystemIds())
    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
    _provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_SEND_EVERY_MILLISECONDS))
    trace.set_tracer_provider(_provider)


def stop_tracing() -> None:
    """Send what has not been sent."""
    if _provider is not None:
        _provider.shutdown()


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    parent: Carrier | None = None,
    cause: Carrier | None = None,
    attributes: Mapping[str, Attribute] = _NONE,
) -> Iterator[Span]:
    """A span around the block, below the one around it, or below parent, from another process.

    cause is what it is linked to: what was asked for then, and done at some later time.
    """
    caused = None if cause is None else trace.get_current_span(propagate.extract(cause)).get_span_context()
    with _tracer.start_as_current_span(
        name,
        propagate.extract(parent) if parent else None,
        kind,
        attributes=attributes,
        links=[Link(caused)] if caused is not None and caused.is_valid else (),
    ) as current:
        yield current


def past_span(name: str, seconds: float, attributes: Mapping[str, Attribute]) -> None:
    """A span of something that has just ended and took so long."""
    end = time.time_ns()
    _tracer.start_span(name, start_time=end - round(seconds * 1e9), attributes=attributes).end(end)


def carrier() -> dict[str, str]:
    """What another process is told: the request that is answered now, and the span that is the current one."""
    carried = {"request_id": str(fields()["request_id"])} if "request_id" in fields() else {}
    propagate.inject(carried)
    return carried
