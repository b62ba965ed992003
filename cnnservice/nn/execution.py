"""How many steps of a training are executed in one call of TensorFlow."""

from __future__ import annotations

from cnnservice.specs.architecture import Summary
from cnnservice.specs.job import JobSpec

# A tenth of a second on two slow cores. Between calls a training hears that it is to stop, and tells how far it is.
_OPERATIONS = 5e9
# From there on nothing is gained: of the notebook's MLP, an epoch of 94 steps takes 144 ms one by one, and with 47 or
# 94 at once 51 ms.
_STEPS = 32
# Forward, and backward to the inputs and to the weights.
_PASSES = 3


def steps_per_execution(summary: Summary, spec: JobSpec) -> int:
    """As many as together take about a tenth of a second, by the size of the network. It changes no bit of the result.

    What a step costs besides its arithmetic, a millisecond or so, is then paid once for all of them.
    """
    a_step = _PASSES * summary.operations * spec.batch_size
    return max(1, min(int(_OPERATIONS / a_step), _STEPS, spec.steps_per_epoch))
