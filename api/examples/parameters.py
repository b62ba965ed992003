"""Examples: what stands in paths, queries and headers."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID, OTHER, SHA256, TICKET

# By where they stand; of those that are not here, the schema's own, its default or its least value.
PARAMETERS: dict[str, dict[str, Any]] = {
    "path": {
        "job_id": ID,
        "model_id": ID,
        "layer": "Conv1",
        "method": "integrated_gradients",
        "name": "mnist",
        "split": "test",
        "index": 0,
        "computation_id": SHA256,
        "sweep_id": OTHER,
    },
    "query": {
        "cursor": ID,
        "dataset": "mnist",
        "tag": "demo",
        "sweep": OTHER,
        "models": f"{ID},{OTHER}",
        "with": OTHER,
        "weight": "kernel",
        "class": 7,
        "ticket": TICKET,
        "last_event_id": "1795473248951-1",
    },
    "header": {
        "Idempotency-Key": "a name of the client's own for this request",
        "If-None-Match": '"3d5a6a64d1c1bb1c6be8ea2b2f4c2d4a"',
        "Last-Event-ID": "1795473248951-1",
    },
}
