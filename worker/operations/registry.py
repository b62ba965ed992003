"""The operations by name. Adding one: a file beside this one, an entry here, its name in cnnservice.inspection."""

from __future__ import annotations

from collections.abc import Callable

from cnnservice.inspection import Operation
from worker.operations.attribution import attribution
from worker.operations.computation import Arrays, Computation
from worker.operations.evaluation import evaluation
from worker.operations.export import export
from worker.operations.feature_maps import feature_maps
from worker.operations.predictions import predictions
from worker.operations.unit_activity import unit_activity

OPERATIONS: dict[Operation, Callable[[Computation], Arrays]] = {
    "attribution": attribution,
    "export": export,
    "evaluation": evaluation,
    "feature_maps": feature_maps,
    "predictions": predictions,
    "unit_activity": unit_activity,
}
