"""What an attribution costs, told before it is paid."""

from __future__ import annotations

from cnnservice.attributions.method import Method
from cnnservice.specs.architecture import Summary
from cnnservice.specs.errors import LimitExceeded


def check_cost(method: Method, summary: Summary, limit: int) -> None:
    """Raises LimitExceeded where a method's passes through a network need more operations in all than limit."""
    passes = method.passes(summary)
    cost = passes * summary.operations
    if cost > limit:
        name = f"{method.name}, {passes} images through this network, in operations,"
        raise LimitExceeded("/method", name, cost, limit, "CNNSERVICE_MAX_ATTRIBUTION_OPERATIONS")
