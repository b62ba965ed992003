"""Ids of traces and spans, from the system's randomness.

OpenTelemetry's own come from Python's generator, which a training seeds: two trainings of one seed had the same ids.
"""

from __future__ import annotations

import secrets

from opentelemetry.sdk.trace.id_generator import IdGenerator


class SystemIds(IdGenerator):
    """As long as OpenTelemetry wants them; 0 stands for none."""

    def generate_span_id(self) -> int:
        """64 bits."""
        return secrets.randbits(64) or 1

    def generate_trace_id(self) -> int:
        """128 bits."""
        return secrets.randbits(128) or 1
