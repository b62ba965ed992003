"""Examples for the OpenAPI document: answers as a model of the preset `cnn` gives them."""

from __future__ import annotations

from typing import Any

_ID = "01a20ab3-db55-75c0-a691-8e55d6a7c130"
_OTHER = "01a20ab4-0c1e-7a02-8f51-2d6f3d1c9b77"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_TICKET = "kXl0cRr0YqTtA6uCq0k8uUO7hZ3nT5v2wJ9mE1sB4dI"
_CONV1 = {
    "name": "Conv1",
    "type": "conv2d",
    "output_shape": [24, 24, 32],
    "params": 832,
    "trainable": True,
    "trainable_params": 832,
    "inputs": ["input"],
    "formula": "5*5*1*32+32",
}
_KERNEL = {
    "name": "kernel",
    "shape": [5, 5, 1, 32],
    "dtype": "float32",
    "min": -0.31,
    "max": 0.37,
    "mean": 0.012,
    "std": 0.094,
}
_WEIGHTS = {**_CONV1, "weights": [_KERNEL]}
_SUMMARY = {
    "input_shape": [28, 28, 1],
    "output_shape": [10],
    "params": 155606,
    "trainable_params": 155606,
    "layers": [_CONV1],
    "warnings": [
        {
            "pointer": "/architecture/layers/6",
            "code": "sigmoid-output",
            "detail": "'FC2' has a sigmoid under categorical_crossentropy: its outputs are not probabilities …",
        }
    ],
}
_SPEC = {
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
_METRICS = {"loss": 0.082, "categorical_accuracy": 0.976, "val_loss": 0.137, "val_categorical_accuracy": 0.959}
_WHOLE_SPEC = {
    **_SPEC,
    "normalization": "minus_one_one",
    "class_weight": None,
    "early_stopping": None,
    "priority": 0,
    "accelerator": "any",
    "continue_from": None,
}
_JOB = {
    "id": _ID,
    "model_id": _ID,
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
    "latest": _METRICS,
    "error": None,
    "sweep_id": None,
    "spec": _WHOLE_SPEC,
    "owner": None,
    "links": {
        "self": f"/v1/jobs/{_ID}",
        "events": f"/v1/jobs/{_ID}/events",
        "cancel": f"/v1/jobs/{_ID}/cancel",
        "model": f"/v1/models/{_ID}",
        "history": f"/v1/models/{_ID}/history.json",
        "layers": f"/v1/models/{_ID}/layers",
    },
}
_RATE = "/compile/optimizer/learning_rate"
_SWEEP_SPEC = {
    "base": _SPEC,
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
    "base": _WHOLE_SPEC,
    "parameters": {
        _RATE: {"low": 0.001, "high": 0.1, "scale": "log", "integer": False, "count": 3},
        "/architecture": {"values": ["cnn", "mlp"]},
    },
}
_SWEEP_ITEM = {
    "id": _OTHER,
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
        "self": f"/v1/sweeps/{_OTHER}",
        "cancel": f"/v1/sweeps/{_OTHER}/cancel",
        "jobs": f"/v1/jobs?sweep={_OTHER}",
        "history": f"/v1/sweeps/{_OTHER}/history.png",
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
            "model_id": _ID,
            "jobs": [_ID],
            "epochs_done": 30,
            "epochs": 30,
            "latest": _METRICS,
            "best": {"epoch": 28, "value": 0.961},
            "history": {"epoch": [1, 2], "value": [0.72, 0.83]},
            "error": None,
        }
    ],
}
_SHEET = {
    "model_id": _ID,
    "layer": "Conv1",
    "epoch": 30,
    "shape": [5, 5, 1, 32],
    "slice_shape": [5, 5],
    "grid": {"rows": 1, "cols": 1, "scale": 16, "gap": 6, "row_pitch": 86, "col_pitch": 86},
    "indices": [0],
    "slices": [{"index": 0, "min": -0.21, "max": 0.28}],
}
_MAPS = {**_SHEET, "image": "mnist:test:0", "shape": [24, 24, 32], "slice_shape": [24, 24]}
_PRESET = {
    "name": "cnn",
    "description": "two 5x5 convolutions of 32 and 64 filters, dense 100",
    "input_shape": [28, 28, 1],
    "optimizer": "sgd",
    "params": 155606,
    "base": None,
    "layers": [
        {
            "type": "max_pooling2d",
            "name": "MaxPool1",
            "trainable": True,
            "inputs": None,
            "pool_size": [2, 2],
            "strides": [2, 2],
            "padding": "valid",
        }
    ],
}
_DATASET = {
    "name": "mnist",
    "shape": [28, 28, 1],
    "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    "splits": {"train": 60000, "test": 10000},
    "dtype": "uint8",
    "source": "Yann LeCun, Corinna Cortes: The MNIST database of handwritten digits",
    "licence": "CC BY-SA 3.0",
    "available": True,
    "samples_on_disk": {"train": 6000, "test": 1000},
    "class_counts": {
        "train": [592, 671, 581, 608, 623, 514, 608, 651, 551, 601],
        "test": [85, 126, 116, 107, 110, 87, 87, 99, 89, 94],
    },
    "built_in": True,
}
_TOP_IMAGES = f"/v1/models/{_ID}/layers/Conv1/top_images.json?epoch=30"
_COMPUTATION = {
    "id": _SHA256,
    "model_id": _ID,
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
        "self": f"/v1/computations/{_SHA256}",
        "events": f"/v1/computations/{_SHA256}/events",
        "result": _TOP_IMAGES,
    },
}

_METHOD = {
    "name": "integrated_gradients",
    "title": "Integrated gradients",
    "description": "The gradient along the straight way from a baseline to the image, times how far each pixel goes.",
    "source": "arXiv 1703.01365",
    "trust": "Complete: the values are shares of the score, as far as completeness_gap is small.",
    "signed": True,
    "parameters": {"steps": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 64}},
}

SCHEMAS: dict[str, Any] = {
    "JobAnswer": _JOB,
    "JobPage": {"items": [_JOB], "next_cursor": _ID},
    "JobSpec": _SPEC,
    "SweepSpec": _SWEEP_SPEC,
    "SweepAnswer": _SWEEP,
    "SweepPage": {"items": [_SWEEP_ITEM], "next_cursor": _ID},
    "Liveness": {"status": "ok"},
    "Readiness": {"status": "ready", "checks": {"database": "ok", "store": "ok", "broker": "ok", "worker:train": "ok"}},
    "DatasetAnswer": _DATASET,
    "DatasetList": {"items": [_DATASET], "next_cursor": None},
    "SampleAnswer": {
        "reference": "mnist:test:0",
        "dataset": "mnist",
        "split": "test",
        "index": 0,
        "label": 7,
        "class_name": "7",
        "shape": [28, 28, 1],
        "pixels": [[[0], [84], [185]]],
    },
    "SampleSheet": {
        "dataset": "mnist",
        "split": "test",
        "total": 1000,
        "grid": {"rows": 1, "cols": 1, "scale": 3, "gap": 6, "row_pitch": 90, "col_pitch": 90},
        "items": [
            {
                "image": "mnist:test:0",
                "url": "/v1/datasets/mnist/test/0.png",
                "index": 0,
                "label": 7,
                "class_name": "7",
            }
        ],
    },
    "PresetList": {"items": [_PRESET]},
    "ArchitectureQuestion": {"dataset": "mnist", "architecture": "cnn"},
    "SummaryAnswer": _SUMMARY,
    "ModelAnswer": {
        **_SUMMARY,
        "id": _ID,
        "job_id": _ID,
        "status": "succeeded",
        "dataset": "mnist",
        "classes": _DATASET["classes"],
        "epoch": 2,
        "epochs_available": [0, 1, 2],
        "stored_bytes": 1_879_824,
        "lineage": {"parent": None, "epoch": None, "children": []},
        "normalization": {"name": "minus_one_one", "mean": [], "std": []},
        "runtime": {"device": "CPU", "versions": {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"}},
        "links": {
            "self": f"/v1/models/{_ID}",
            "job": f"/v1/jobs/{_ID}",
            "layers": f"/v1/models/{_ID}/layers",
            "history": f"/v1/models/{_ID}/history.json",
            "evaluation": f"/v1/models/{_ID}/evaluation.json",
            "export": f"/v1/models/{_ID}/export?format=keras",
        },
    },
    "LayersAnswer": {"model_id": _ID, "epoch": 30, "layers": [_WEIGHTS]},
    "LayerWeights": _WEIGHTS,
    "LayerAnalysis": {
        **_WEIGHTS,
        "filters": 32,
        "duplicate_filters": [{"filters": [3, 17], "similarity": 0.997}],
        "zero_filters": [],
        "dead_filters": [8],
    },
    "History": {
        "model_id": _ID,
        "epoch": [1, 2],
        "seconds": [2.1, 1.3],
        "history": {"loss": [2.298, 2.29], "val_loss": [2.295, 2.285]},
    },
    "FilterSheet": {**_SHEET, "weight": "kernel", "channel": 0, "minus": None},
    "Evaluation": {
        "model_id": _ID,
        "epoch": 30,
        "samples": 1000,
        "loss": 0.137,
        "accuracy": 0.959,
        "top_5_accuracy": 0.999,
        "classes": [{"class": 0, "name": "0", "precision": 0.99, "recall": 0.98, "f1": 0.985, "support": 85}],
        "confusion": [[83, 2], [1, 125]],
        "mistakes": [
            {
                "image": "mnist:test:247",
                "url": "/v1/datasets/mnist/test/247.png",
                "label": 4,
                "label_name": "4",
                "predicted": 6,
                "predicted_name": "6",
                "probability": 0.81,
                "label_probability": 0.12,
            }
        ],
        "mistakes_total": 41,
    },
    "Comparison": {
        "models": [
            {
                "id": _ID,
                "dataset": "mnist",
                "architecture": "cnn",
                "status": "succeeded",
                "layers": 7,
                "params": 155606,
                "optimizer": "sgd",
                "epochs": 30,
                "latest": _METRICS,
                "best_epoch": 30,
                "best": _METRICS,
                "seconds_per_epoch": 1.4,
                "seconds": 42.0,
                "lineage": {"parent": None, "epoch": None, "children": []},
                "history": {"loss": [2.298, 2.29]},
            }
        ],
        "differences": [{"field": "/architecture", "values": {_ID: "cnn"}}],
    },
    "VectorSheet": {
        "model_id": _ID,
        "layer": "Conv1",
        "epoch": 30,
        "vectors": [{"name": "bias", "values": [0.01, -0.002]}],
    },
    "Histogram": {
        "model_id": _ID,
        "layer": "Conv1",
        "weight": "kernel",
        "epoch": [0, 1],
        "edges": [-0.1, 0.0, 0.1],
        "counts": [[400, 400], [380, 420]],
        "percentiles": {
            "0": [-0.05, -0.08],
            "5": [-0.045, -0.05],
            "50": [0.0, 0.001],
            "95": [0.045, 0.05],
            "100": [0.05, 0.09],
        },
    },
    "ActivationSheet": _MAPS,
    "ActivationValues": {**_MAPS, "values": [[[0.0, 0.14]]]},
    "Prediction": {
        "model_id": _ID,
        "epoch": 30,
        "image": "mnist:test:0",
        "label": 7,
        "probabilities": [0.17, 0.46, 0.8, 0.99, 0.0, 0.25, 0.0, 1.0, 0.04, 0.98],
        "logits": [-1.62, -0.15, 1.4, 4.87, -7.05, -1.09, -16.59, 13.51, -3.11, 3.8],
        "top": [{"class": 7, "name": "7", "probability": 1.0}],
    },
    "SanityCheckBody": {"epoch": "last", "methods": ["gradient", "guided_backprop"], "images": 10, "seed": 0},
    "SanityAnswer": {
        "model_id": _ID,
        "epoch": 30,
        "check": {
            "methods": ["guided_backprop"],
            "images": 2,
            "randomization": "cascading",
            "data_randomization": False,
            "data_samples": 1000,
            "data_epochs": 200,
            "seed": 0,
        },
        "images": ["mnist:test:3", "mnist:test:2"],
        "targets": [0, 1],
        "follows_below": 0.4,
        "hardly_from": 0.7,
        "methods": [
            {
                "method": "guided_backprop",
                "verdict": "hardly",
                "reason": "With random weights in FC2, FC1, Conv2, its maps have a rank correlation of 0.88 with those "
                "before: it shows the image more than what the network has learned.",
                "cascading": [{"layer": "FC2", "rank": 0.92, "rank_absolute": 0.94, "ssim": 0.84, "hog": 0.67}],
                "independent": None,
                "data": None,
            }
        ],
        "data_training": None,
    },
    "MethodAnswer": _METHOD,
    "MethodList": {"items": [_METHOD]},
    "AttributionAnswer": {
        "model_id": _ID,
        "epoch": 30,
        "image": "mnist:test:0",
        "label": 7,
        "method": "integrated_gradients",
        "parameters": {"steps": 64, "baseline": "background"},
        "class": 7,
        "class_name": "7",
        "predicted": 7,
        "score": 13.51,
        "probability": 1.0,
        "polarity": "signed",
        "total": 15.87,
        "details": {"baseline_score": -2.36, "attributed": 15.87, "completeness_gap": 0.002},
        "slice_shape": [28, 28],
        "grid": {"rows": 1, "cols": 1, "scale": 10, "gap": 23, "row_pitch": 303, "col_pitch": 303},
        "indices": [0],
        "slices": [{"index": 0, "min": -0.12, "max": 0.41}],
        "values": [[[0.0, 0.03], [0.41, -0.12]]],
    },
    "ComputationAnswer": _COMPUTATION,
    "MaximizationSheet": {
        "model_id": _ID,
        "layer": "Conv1",
        "epoch": 30,
        "shape": [1, 28, 28],
        "slice_shape": [28, 28],
        "grid": {"rows": 1, "cols": 1, "scale": 3, "gap": 7, "row_pitch": 91, "col_pitch": 91},
        "indices": [0],
        "slices": [{"index": 0, "min": -1.0, "max": 1.0}],
        "parameters": {
            "objective": "map",
            "steps": 128,
            "learning_rate": 0.1,
            "decay": 0.03,
            "jitter": 2,
            "blur": 0.5,
            "total_variation": 0.0,
            "seed": 0,
        },
        "filters": [{"filter": 0, "start": 0.03, "end": 0.31, "moved": True}],
    },
    "Embedding": {
        "model_id": _ID,
        "epoch": 30,
        "layer": "FC1",
        "method": "pca",
        "parameters": {},
        "dimensions": 100,
        "reduced_to": None,
        "explained_variance": [0.21, 0.17],
        "silhouette": 0.28,
        "neighbor_accuracy": 0.942,
        "classes": [str(digit) for digit in range(10)],
        "points": [[-14.3, 2.5]],
        "labels": [7],
        "images": ["mnist:test:0"],
    },
    "Similarity": {
        "samples": 1000,
        "rows": [{"model_id": _ID, "epoch": 30, "layer": layer} for layer in ("FC1", "FC2")],
        "columns": [{"model_id": _ID, "epoch": 30, "layer": layer} for layer in ("FC1", "FC2")],
        "values": [[1.0, 0.86], [0.86, 1.0]],
    },
    "TopImages": {
        "model_id": _ID,
        "epoch": 30,
        "layer": "Conv1",
        "filters": [
            {
                "filter": 0,
                "images": [
                    {
                        "image": "mnist:test:61",
                        "url": "/v1/datasets/mnist/test/61.png",
                        "label": 8,
                        "class_name": "8",
                        "value": 1.71,
                        "position": [12, 7],
                        "box": [12, 7, 17, 12],
                    }
                ],
            }
        ],
    },
    "TicketSpec": {"path": f"/v1/jobs/{_ID}/events"},
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
        "ticket": _TICKET,
        "path": f"/v1/jobs/{_ID}/events",
        "url": f"/v1/jobs/{_ID}/events?ticket={_TICKET}",
        "expires_at": "2026-11-24T10:01:00Z",
    },
    "UploadAnswer": {"id": _SHA256, "reference": f"upload:{_SHA256}", "width": 28, "height": 28},
}
# By where they stand; of those that are not here, the schema's own, its default or its least value.
PARAMETERS: dict[str, dict[str, Any]] = {
    "path": {
        "job_id": _ID,
        "model_id": _ID,
        "layer": "Conv1",
        "method": "integrated_gradients",
        "name": "mnist",
        "split": "test",
        "index": 0,
        "computation_id": _SHA256,
        "sweep_id": _OTHER,
    },
    "query": {
        "cursor": _ID,
        "dataset": "mnist",
        "tag": "demo",
        "sweep": _OTHER,
        "models": f"{_ID},{_OTHER}",
        "with": _OTHER,
        "weight": "kernel",
        "class": 7,
        "ticket": _TICKET,
        "last_event_id": "1795473248951-1",
    },
    "header": {
        "Idempotency-Key": "a name of the client's own for this request",
        "If-None-Match": '"3d5a6a64d1c1bb1c6be8ea2b2f4c2d4a"',
        "Last-Event-ID": "1795473248951-1",
    },
}
# Of requests that are not one model: a file is its bytes, of which there is no picture in text.
BODIES: dict[str, dict[str, Any]] = {
    "DatasetUpload": {"name": "my_digits", "file": "the bytes of my_digits.zip", "height": 28, "width": 28},
    "ImageUpload": {"file": "the bytes of digit.png"},
}
