"""Examples: data sets, their samples, and what is uploaded."""

from __future__ import annotations

from typing import Any

from api.examples.ids import SHA256

DATASET = {
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

SCHEMAS: dict[str, Any] = {
    "DatasetAnswer": DATASET,
    "DatasetList": {"items": [DATASET], "next_cursor": None},
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
    "UploadAnswer": {"id": SHA256, "reference": f"upload:{SHA256}", "width": 28, "height": 28},
}
# Of requests that are not one model: a file is its bytes, of which there is no picture in text.
BODIES: dict[str, dict[str, Any]] = {
    "DatasetUpload": {"name": "my_digits", "file": "the bytes of my_digits.zip", "height": 28, "width": 28},
    "ImageUpload": {"file": "the bytes of digit.png"},
}
