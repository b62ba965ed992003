"""Examples: attributions, and how far to trust them."""

from __future__ import annotations

from typing import Any

from api.examples.ids import ID

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
    "SanityCheckBody": {"epoch": "last", "methods": ["gradient", "guided_backprop"], "images": 10, "seed": 0},
    "SanityAnswer": {
        "model_id": ID,
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
        "model_id": ID,
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
}
