"""What an image's pixels have to do with what a network says of it."""

from __future__ import annotations

import numpy as np

from cnnservice.attributions.registry import find_method
from worker.explaining import explained
from worker.operations.computation import Arrays, Computation


def attribution(computation: Computation) -> Arrays:
    """values (H, W, C) by the argument `method` with its `parameters`, of the one image, for the class `target`.

    Without a target for the class with the greatest score. Beside them scores and probabilities (classes,), the target
    () and, as detail/<name>, what else the method found.
    """
    arguments, images = computation.arguments, computation.images
    method = find_method(arguments["method"]).model_validate(arguments["parameters"])
    network = explained(computation.model, computation.snapshot)
    outputs = computation.model.run(images)
    scores = (outputs.probabilities if outputs.logits is None else outputs.logits)[0]
    target = int(scores.argmax()) if arguments["target"] is None else int(arguments["target"])
    found = method.attribute(network, images[0], target)
    return {
        "values": found.values,
        "scores": scores,
        "probabilities": outputs.probabilities[0],
        "target": np.array(target, np.int64),
        **{f"detail/{name}": array for name, array in found.details.items()},
        **({} if found.cam is None else {"detail/cam": found.cam}),
    }
