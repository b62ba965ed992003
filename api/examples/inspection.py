"""Examples: what is seen inside a model."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID

_SHEET = {
    "model_id": ID,
    "layer": "Conv1",
    "epoch": 30,
    "shape": [5, 5, 1, 32],
    "slice_shape": [5, 5],
    "grid": {"rows": 1, "cols": 1, "scale": 16, "gap": 6, "row_pitch": 86, "col_pitch": 86},
    "indices": [0],
    "slices": [{"index": 0, "min": -0.21, "max": 0.28}],
}
_MAPS = {**_SHEET, "image": "mnist:test:0", "shape": [24, 24, 32], "slice_shape": [24, 24]}

SCHEMAS: dict[str, Any] = {
    "FilterSheet": {**_SHEET, "weight": "kernel", "channel": 0, "minus": None},
    "VectorSheet": {
        "model_id": ID,
        "layer": "Conv1",
        "epoch": 30,
        "vectors": [{"name": "bias", "values": [0.01, -0.002]}],
    },
    "Histogram": {
        "model_id": ID,
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
        "model_id": ID,
        "epoch": 30,
        "image": "mnist:test:0",
        "label": 7,
        "probabilities": [0.17, 0.46, 0.8, 0.99, 0.0, 0.25, 0.0, 1.0, 0.04, 0.98],
        "logits": [-1.62, -0.15, 1.4, 4.87, -7.05, -1.09, -16.59, 13.51, -3.11, 3.8],
        "top": [{"class": 7, "name": "7", "probability": 1.0}],
    },
    "MaximizationSheet": {
        "model_id": ID,
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
        "model_id": ID,
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
        "rows": [{"model_id": ID, "epoch": 30, "layer": layer} for layer in ("FC1", "FC2")],
        "columns": [{"model_id": ID, "epoch": 30, "layer": layer} for layer in ("FC1", "FC2")],
        "values": [[1.0, 0.86], [0.86, 1.0]],
    },
    "TopImages": {
        "model_id": ID,
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
}
