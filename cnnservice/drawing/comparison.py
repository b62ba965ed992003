"""Curves of several runs in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnservice.drawing.axes import COLOURS, Curve, Key, Panel

_ANY_RUN = "#222222"


@dataclass(frozen=True)
class Run:
    """One run's metrics by epoch, by Keras' names: loss, val_loss, categorical_accuracy, …"""

    name: str
    epochs: Sequence[int]
    metrics: Mapping[str, Sequence[float | None]]


def comparison_plot(runs: Sequence[Run]) -> tuple[list[Panel], list[Key]]:
    """A panel a metric, loss first, and the legend for all: a colour a run; training is solid, validation dashed.

    The panels are those of every metric that any run has, in the order they are met. Eight runs have colours of
    their own; the ninth has the first one's.
    """
    names = ["loss", *(name.removeprefix("val_") for run in runs for name in run.metrics)]
    panels = [
        Panel(
            _title(name),
            _words(name),
            [curve for number, run in enumerate(runs) for curve in _curves(run, name, number)],
        )
        for name in dict.fromkeys(names)
    ]
    kinds = [Key("training", _ANY_RUN), Key("validation", _ANY_RUN, dashed=True)]
    return panels, [*(Key(run.name, _colour(number)) for number, run in enumerate(runs)), *kinds]


def _curves(run: Run, metric: str, number: int) -> list[Curve]:
    return [
        Curve("", run.epochs, run.metrics[name], dashed=dashed, colour=_colour(number))
        for name, dashed in ((metric, False), (f"val_{metric}", True))
        if name in run.metrics
    ]


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _words(metric: str) -> str:
    return metric.removeprefix("categorical_").replace("_", " ")


def _title(metric: str) -> str:
    words = _words(metric)
    return f"{words[:1].upper()}{words[1:]} by epoch"
