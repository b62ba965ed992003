"""Examples for the OpenAPI document: answers as a model of the preset `cnn` gives them."""

from __future__ import annotations

from typing import Any

_ID = "01a20ab3-db55-75c0-a691-8e55d6a7c130"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
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
    "spec": _SPEC,
    "links": {"self": f"/v1/jobs/{_ID}", "events": f"/v1/jobs/{_ID}/events", "model": f"/v1/models/{_ID}"},
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

SCHEMAS: dict[str, Any] = {
    "JobAnswer": _JOB,
    "JobPage": {"items": [_JOB], "next_cursor": _ID},
    "JobSpec": _SPEC,
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
    "PresetList": {"items": [{"name": "cnn", "layers": [{"type": "conv2d", "name": "Conv1", "filters": 32}]}]},
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
        "links": {"self": f"/v1/models/{_ID}", "job": f"/v1/jobs/{_ID}"},
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
    "ComputationAnswer": _COMPUTATION,
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
                        "value": 1.71,
                        "position": [12, 7],
                    }
                ],
            }
        ],
    },
    "UploadAnswer": {"id": _SHA256, "reference": f"upload:{_SHA256}", "width": 28, "height": 28},
}
PARAMETERS: dict[str, Any] = {
    "job_id": _ID,
    "model_id": _ID,
    "layer": "Conv1",
    "name": "mnist",
    "split": "test",
    "index": 0,
    "Idempotency-Key": "a name of the client's own for this request",
    "computation_id": _SHA256,
    "Last-Event-ID": "1795473248951-1",
}
