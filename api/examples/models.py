"""Examples: architectures, models, and how well they do."""

from __future__ import annotations

from typing import Any

from api.examples.datasets import DATASET
from api.examples.ids import ID
from api.examples.jobs import METRICS

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

SCHEMAS: dict[str, Any] = {
    "PresetList": {"items": [_PRESET]},
    "ArchitectureQuestion": {"dataset": "mnist", "architecture": "cnn"},
    "SummaryAnswer": _SUMMARY,
    "ModelAnswer": {
        **_SUMMARY,
        "id": ID,
        "job_id": ID,
        "status": "succeeded",
        "dataset": "mnist",
        "classes": DATASET["classes"],
        "epoch": 2,
        "epochs_available": [0, 1, 2],
        "stored_bytes": 1_879_824,
        "lineage": {"parent": None, "epoch": None, "children": []},
        "normalization": {"name": "minus_one_one", "mean": [], "std": []},
        "runtime": {"device": "CPU", "versions": {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"}},
        "links": {
            "self": f"/v1/models/{ID}",
            "job": f"/v1/jobs/{ID}",
            "layers": f"/v1/models/{ID}/layers",
            "history": f"/v1/models/{ID}/history.json",
            "evaluation": f"/v1/models/{ID}/evaluation.json",
            "export": f"/v1/models/{ID}/export?format=keras",
        },
    },
    "LayersAnswer": {"model_id": ID, "epoch": 30, "layers": [_WEIGHTS]},
    "LayerWeights": _WEIGHTS,
    "LayerAnalysis": {
        **_WEIGHTS,
        "filters": 32,
        "duplicate_filters": [{"filters": [3, 17], "similarity": 0.997}],
        "zero_filters": [],
        "dead_filters": [8],
    },
    "History": {
        "model_id": ID,
        "epoch": [1, 2],
        "seconds": [2.1, 1.3],
        "history": {"loss": [2.298, 2.29], "val_loss": [2.295, 2.285]},
    },
    "Evaluation": {
        "model_id": ID,
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
                "id": ID,
                "dataset": "mnist",
                "architecture": "cnn",
                "status": "succeeded",
                "layers": 7,
                "params": 155606,
                "optimizer": "sgd",
                "epochs": 30,
                "latest": METRICS,
                "best_epoch": 30,
                "best": METRICS,
                "seconds_per_epoch": 1.4,
                "seconds": 42.0,
                "lineage": {"parent": None, "epoch": None, "children": []},
                "history": {"loss": [2.298, 2.29]},
            }
        ],
        "differences": [{"field": "/architecture", "values": {ID: "cnn"}}],
    },
}
