"""What a sanity check costs, told before it is paid."""

from __future__ import annotations

from cnnservice.attributions.registry import METHODS
from cnnservice.specs.architecture import Summary
from cnnservice.specs.errors import LimitExceeded
from cnnservice.specs.sanity import SanityCheck

# Forward, and backward to the inputs and to the weights.
_PASSES_OF_TRAINING = 3


def check_methods(check: SanityCheck, summary: Summary) -> None:
    """Raises UnusableLayer where a method does not fit the network."""
    for name in check.methods:
        METHODS[name]().check(summary)


def check_cost(check: SanityCheck, summary: Summary, limit: int) -> None:
    """Raises LimitExceeded where all maps, and the training on random labels, need more operations than limit."""
    layers = sum(layer.params > 0 for layer in summary.layers)
    times = 1 + layers * (2 if check.randomization == "both" else 1) + check.data_randomization
    passes = times * check.images * sum(METHODS[name]().passes(summary) for name in check.methods)
    if check.data_randomization:
        passes += _PASSES_OF_TRAINING * check.data_samples * check.data_epochs
    cost = passes * summary.operations
    if cost > limit:
        name = (
            f"this check's {passes} passes through the network, in operations; fewer methods or images need fewer; it"
        )
        raise LimitExceeded("/methods", name, cost, limit, "CNNSERVICE_MAX_SANITY_OPERATIONS")
