"""Curves of a sweep's trials over each other: the best in colours, the others behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnnservice.drawing.axes import COLOURS, Curve, Key, Panel

_OTHERS = "#cccccc"
_LONGEST = 32


@dataclass(frozen=True)
class TrialCurve:
    """A trial's objective by epoch, and its values by JSON pointer. rank counts from 1, None where it has no epoch."""

    number: int
    values: Mapping[str, Any]
    epochs: Sequence[int]
    objective: Sequence[float]
    rank: int | None


def trials_plot(trials: Sequence[TrialCurve], metric: str) -> tuple[list[Panel], list[Key]]:
    """One panel, and its legend: as many trials as there are colours, the best first. The others are grey."""
    ranked = sorted((trial for trial in trials if trial.rank is not None), key=lambda trial: trial.rank or 0)
    named, others = ranked[: len(COLOURS)], ranked[len(COLOURS) :]
    coloured = list(zip(named, COLOURS, strict=False))
    # The best is drawn last, over all others.
    curves = [Curve("", trial.epochs, trial.objective, colour=_OTHERS) for trial in others]
    curves += [Curve("", trial.epochs, trial.objective, colour=colour) for trial, colour in reversed(coloured)]
    keys = [Key(f"#{trial.number} {described(trial.values)}", colour) for trial, colour in coloured]
    words = metric.replace("categorical_", "").replace("_", " ")
    return [Panel(f"{words} by epoch", words, curves)], [*keys, *([Key("others", _OTHERS)] if others else [])]


def described(values: Mapping[str, Any]) -> str:
    """Values by the ends of their pointers, in one line."""
    return ", ".join(f"{pointer.rsplit('/', 1)[1]} {_text(value)}" for pointer, value in values.items())


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
