"""Examples: a job of the preset `cnn`."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID

METRICS = {"loss": 0.082, "categorical_accuracy": 0.976, "val_loss": 0.137, "val_categorical_accuracy": 0.959}
SPEC = {
    "dataset": "mnist",
    "train_samples": 6000,
    "test_samples": 1000,
    "architecture": "cnn",
    "compile": {
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
        "metrics": ["categorical_accuracy"],
    },
    "epochs": 30,
    "batch_size": 64,
    "seed": 0,
    "keep": "all",
    "tags": ["demo"],
}
WHOLE_SPEC = {
    **SPEC,
    "normalization": "minus_one_one",
    "class_weight": None,
    "early_stopping": None,
    "priority": 0,
    "accelerator": "any",
    "continue_from": None,
}
_JOB = {
    "id": ID,
    "model_id": ID,
    "status": "running",
    "created_at": "2026-01-31T12:00:00Z",
    "started_at": "2026-01-31T12:00:00.200000Z",
    "ended_at": None,
    "attempt": 1,
    "epochs_done": 29,
    "epochs": 30,
    "start_epoch": 0,
    "stopped_early": False,
    "progress": 0.98,
    "eta_seconds": 0.8,
    "latest": METRICS,
    "error": None,
    "sweep_id": None,
    "spec": WHOLE_SPEC,
    "owner": None,
    "links": {
        "self": f"/v1/jobs/{ID}",
        "events": f"/v1/jobs/{ID}/events",
        "cancel": f"/v1/jobs/{ID}/cancel",
        "model": f"/v1/models/{ID}",
        "history": f"/v1/models/{ID}/history.json",
        "layers": f"/v1/models/{ID}/layers",
    },
}

SCHEMAS: dict[str, Any] = {
    "JobAnswer": _JOB,
    "JobPage": {"items": [_JOB], "next_cursor": ID},
    "JobSpec": SPEC,
}
