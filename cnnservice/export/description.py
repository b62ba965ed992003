"""What an exported file says of itself."""

from __future__ import annotations

import json

from cnnservice.models import Snapshot


def describe(snapshot: Snapshot) -> dict[str, str]:
    """Text by name, all but the ids and numbers JSON: what the weights are of, and how images are to be given."""
    return {
        "model_id": snapshot.job.id,
        "epoch": str(snapshot.epoch),
        "dataset": snapshot.spec.dataset,
        "classes": json.dumps(snapshot.dataset.classes),
        "input_shape": json.dumps(snapshot.summary().input_shape),
        "normalization": json.dumps(snapshot.normalizer.record()),
        "spec": snapshot.spec.model_dump_json(),
        "architecture": snapshot.architecture.model_dump_json(),
    }
