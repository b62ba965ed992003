"""Sweeps by the Python client and by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnnservice.cli import app
from cnnservice.client import Client, SweepFailed
from live import Stack

SPEC: dict[str, Any] = {
    "base": {"dataset": "mnist", "architecture": "mlp", "epochs": 2, "train_samples": 128, "test_samples": 32},
    "parameters": {"/compile/optimizer/learning_rate": {"values": [1e-6, 0.1]}},
    "halving": {"factor": 2},
}


def test_a_sweep_is_waited_for_and_gives_the_best_model_at_its_best_epoch(service: Client) -> None:
    sweep = service.post_sweep(SPEC)
    model = sweep.wait()
    first, second = sweep.trials
    assert (first["state"], second["state"]) == ("succeeded", "stopped")
    losses = sweep.model(first["number"]).history()["val_loss"]
    assert len(losses) == 2
    assert model.epoch == 1 + losses.index(min(losses))
    assert model.id == first["model_id"]
    assert sweep.model(second["number"]).id == second["model_id"]
    assert sweep.history_picture().content("png").startswith(b"\x89PNG")
    assert service.sweep(sweep.id).json == sweep.json
    assert next(iter(service.sweeps())).id == sweep.id
    sweep.delete()
    assert sweep.id not in [each.id for each in service.sweeps()]


def test_one_that_is_cancelled_has_no_best_to_wait_for(service: Client) -> None:
    endless = {"base": {**SPEC["base"], "epochs": 1000}, "parameters": SPEC["parameters"]}
    sweep = service.post_sweep(endless).cancel()
    with pytest.raises(SweepFailed, match="cancelled"):
        sweep.wait()


def test_the_command_line_follows_a_file_to_its_end(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text(json.dumps({**SPEC, "halving": None}))
    result = CliRunner().invoke(app, ["sweep", str(tmp_path / "sweep.json"), "--url", stack.url])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("sweep ")
    assert "succeeded: 2 succeeded" in lines
    assert [line.split()[0] for line in lines[-2:]] == ["1", "2"]
    assert "/compile/optimizer/learning_rate" in lines[-1]
