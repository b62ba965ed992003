"""All that the OpenAPI document describes, asked for rightly and wrongly by schemathesis."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from live import Stack

_HERE = Path(__file__).parent / "hostile"
# Of each operation.
_EXAMPLES, _MANY_EXAMPLES = 3, 60


def assert_nothing_undocumented(stack: Stack, model: str, *, seed: int, full: bool, key: str | None = None) -> None:
    """Ask a stack for everything, with a key if there is one, and hold each answer against the document.

    model: the path of a trained model, which is asked about half of the time.
    """
    # The phase `coverage` asks each operation for every edge of every parameter, tens of thousands in all.
    phases = "examples,coverage,fuzzing,stateful" if full else "examples,fuzzing,stateful"
    known = {"HOSTILE_MODEL": model.rsplit("/", 1)[1], **({"HOSTILE_KEY": key} if key else {})}
    ran = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml",
            "run", f"{stack.url}/openapi.json", "--no-color", f"--seed={seed}",
            f"--phases={phases}", f"--max-examples={_MANY_EXAMPLES if full else _EXAMPLES}",
            *([f"--header=Authorization: Bearer {key}"] if key else []),
        ],
        cwd=_HERE,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    if "No issues found" not in ran.stdout:
        pytest.fail(ran.stdout)
