"""What is counted through Redis, because processes that are recycled, killed or on another machine count it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Counters of one name, one for each value of its label; with buckets (upper bounds, ascending), histograms."""

    name: str
    help: str
    label: str = ""
    values: tuple[str, ...] = ("",)
    buckets: tuple[float, ...] = ()


EPOCHS = Family("cnnservice_epochs", "Epochs trained and stored")
SAMPLES = Family("cnnservice_samples", "Training samples that the networks have seen, in epochs that were stored")
JOB_SECONDS = Family(
    "cnnservice_job_seconds",
    "Time from a job's first start to its end",
    "status",
    ("succeeded", "failed", "cancelled"),
    (1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400),
)
WARM_HITS = Family("cnnservice_warm_cache_hits", "Requests for which an inspect worker had the model compiled")
WARM_MISSES = Family("cnnservice_warm_cache_misses", "Requests for which an inspect worker had to build the model")
LEASE_LOSSES = Family(
    "cnnservice_lease_losses",
    "Leases that ran out because their worker died or fell silent",
    "work",
    ("job", "computation"),
)

FAMILIES = (EPOCHS, SAMPLES, JOB_SECONDS, WARM_HITS, WARM_MISSES, LEASE_LOSSES)
