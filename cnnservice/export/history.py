"""The numbers of every epoch, as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from cnnservice.database.tables import Epoch


def metric_names(epochs: Sequence[Epoch]) -> list[str]:
    """The loss first, then the others by name; those of the validation after those of the training."""
    if not epochs:
        return []
    known = list(epochs[0].metrics)
    return sorted(known, key=lambda name: (name.startswith("val_"), name != "loss", name))


def history_csv(epochs: Sequence[Epoch]) -> str:
    """A line an epoch: epoch, seconds, and the metrics by name."""
    names = metric_names(epochs)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["epoch", "seconds", *names])
    writer.writerows([row.epoch, row.seconds, *(row.metrics[name] for name in names)] for row in epochs)
    return buffer.getvalue()
