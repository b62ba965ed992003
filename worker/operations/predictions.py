"""What a network says of images."""

from __future__ import annotations

from worker.operations.computation import Arrays, Computation


def predictions(computation: Computation) -> Arrays:
    """probabilities (n, classes), and logits (n, classes) where there are any."""
    outputs = computation.model.run(computation.images)
    return {"probabilities": outputs.probabilities} | ({} if outputs.logits is None else {"logits": outputs.logits})
