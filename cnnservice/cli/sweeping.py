"""Follow a sweep on the terminal."""

from __future__ import annotations

import json
from typing import Any

from cnnservice.cli.saying import say
from cnnservice.client.sweeps import Sweep


def follow_sweep(sweep: Sweep) -> None:
    """A line whenever its trials have got on, and at its end a table of them, the best first. Raises ClientError."""
    told = ""
    for now in sweep.watch():
        counts = ", ".join(f"{count} {state}" for state, count in now.json["counts"].items() if count)
        if (line := f"{now.status}: {counts}") != told:
            say(line)
            told = line
    for trial in sweep.trials:
        say(_line(trial))


def _line(trial: dict[str, Any]) -> str:
    values = ", ".join(f"{pointer} {json.dumps(value)}" for pointer, value in trial["values"].items())
    best = "no epoch" if trial["best"] is None else f"{trial['best']['value']:.4g} at epoch {trial['best']['epoch']}"
    return f"{trial['rank'] or '-':>3}  {best:<22} {trial['state']:<10} {trial['model_id']}  {values}"
