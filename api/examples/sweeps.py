"""Examples: a sweep over learning rates and architectures."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID, OTHER
from api.examples.jobs import METRICS, SPEC, WHOLE_SPEC

_RATE = "/compile/optimizer/learning_rate"
_SWEEP_SPEC = {
    "base": SPEC,
    "search": {"kind": "grid"},
    "parameters": {
        _RATE: {"low": 0.001, "high": 0.1, "scale": "log", "count": 3},
        "/architecture": {"values": ["cnn", "mlp"]},
    },
    "objective": {"metric": "val_categorical_accuracy", "mode": "max"},
    "halving": {"factor": 3, "min_epochs": 3},
    "tags": ["first_sweep"],
}
_WHOLE_SWEEP_SPEC = {
    **_SWEEP_SPEC,
    "base": WHOLE_SPEC,
    "parameters": {
        _RATE: {"low": 0.001, "high": 0.1, "scale": "log", "integer": False, "count": 3},
        "/architecture": {"values": ["cnn", "mlp"]},
    },
}
_SWEEP_ITEM = {
    "id": OTHER,
    "status": "succeeded",
    "created_at": "2026-01-31T12:00:00Z",
    "ended_at": "2026-01-31T12:03:20Z",
    "parameters": [_RATE, "/architecture"],
    "objective": {"metric": "val_categorical_accuracy", "mode": "max"},
    "tags": ["first_sweep"],
    "owner": None,
    "counts": {
        "queued": 0, "running": 0, "waiting": 0, "succeeded": 1, "stopped": 5, "failed": 0, "cancelled": 0,
    },
    "links": {
        "self": f"/v1/sweeps/{OTHER}",
        "cancel": f"/v1/sweeps/{OTHER}/cancel",
        "jobs": f"/v1/jobs?sweep={OTHER}",
        "history": f"/v1/sweeps/{OTHER}/history.png",
    },
}  # fmt: skip
_SWEEP = {
    **_SWEEP_ITEM,
    "spec": _WHOLE_SWEEP_SPEC,
    "rungs": [{"epochs": 3, "trials": 6}, {"epochs": 9, "trials": 2}, {"epochs": 30, "trials": 1}],
    "best": 4,
    "trials": [
        {
            "number": 4,
            "values": {_RATE: 0.1, "/architecture": "cnn"},
            "state": "succeeded",
            "rank": 1,
            "rung": 2,
            "model_id": ID,
            "jobs": [ID],
            "epochs_done": 30,
            "epochs": 30,
            "latest": METRICS,
            "best": {"epoch": 28, "value": 0.961},
            "history": {"epoch": [1, 2], "value": [0.72, 0.83]},
            "error": None,
        }
    ],
}

SCHEMAS: dict[str, Any] = {
    "SweepSpec": _SWEEP_SPEC,
    "SweepAnswer": _SWEEP,
    "SweepPage": {"items": [_SWEEP_ITEM], "next_cursor": ID},
}
