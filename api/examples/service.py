"""Examples: the service itself, who comes in, and what it computes."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID, SHA256, TICKET

_TOP_IMAGES = f"/v1/models/{ID}/layers/Conv1/top_images.json?epoch=30"
_COMPUTATION = {
    "id": SHA256,
    "model_id": ID,
    "kind": "top_images",
    "arguments": {"epoch": 30, "layer": "Conv1", "count": 9},
    "status": "running",
    "progress": 0.51,
    "message": "image 512 of 1000",
    "attempt": 1,
    "created_at": "2026-01-31T12:00:00Z",
    "started_at": "2026-01-31T12:00:00.200000Z",
    "ended_at": None,
    "error": None,
    "links": {
        "self": f"/v1/computations/{SHA256}",
        "events": f"/v1/computations/{SHA256}/events",
        "result": _TOP_IMAGES,
    },
}

SCHEMAS: dict[str, Any] = {
    "Liveness": {"status": "ok"},
    "Readiness": {"status": "ready", "checks": {"database": "ok", "store": "ok", "broker": "ok", "worker:train": "ok"}},
    "ComputationAnswer": _COMPUTATION,
    "TicketSpec": {"path": f"/v1/jobs/{ID}/events"},
    "SessionAnswer": {
        "keys": True,
        "owner": "alice",
        "scope": "train",
        "live_jobs": 1,
        "max_live_jobs": 50,
        "stored_bytes": 19_400_000,
        "max_stored_bytes": 53_687_091_200,
    },
    "TicketAnswer": {
        "ticket": TICKET,
        "path": f"/v1/jobs/{ID}/events",
        "url": f"/v1/jobs/{ID}/events?ticket={TICKET}",
        "expires_at": "2026-11-24T10:01:00Z",
    },
}
