"""All that the OpenAPI document describes is asked for, rightly and wrongly, and the answers held against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from live import Stack

HERE = Path(__file__).parent
# Of each operation.
EXAMPLES, MANY_EXAMPLES = 3, 60


def test_nothing_is_answered_that_the_document_does_not_tell_of(
    stack: Stack, tiny_model: str, full: bool, hostile_seed: int
) -> None:
    # The phase `coverage` asks each operation for every edge of every parameter, tens of thousands in all.
    phases = "examples,coverage,fuzzing,stateful" if full else "examples,fuzzing,stateful"
    ran = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml",
            "run", f"{stack.url}/openapi.json", "--no-color", f"--seed={hostile_seed}",
            f"--phases={phases}", f"--max-examples={MANY_EXAMPLES if full else EXAMPLES}",
        ],
        cwd=HERE,
        env={**os.environ, "HOSTILE_MODEL": tiny_model.rsplit("/", 1)[1]},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    if "No issues found" not in ran.stdout:
        pytest.fail(ran.stdout)
