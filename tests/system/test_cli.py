"""The command line against a running service."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from cnnservice.cli import app
from cnnservice.client import Client
from live import Stack, free_port

SMALL = {"dataset": "mnist", "epochs": 2, "train_samples": 192, "test_samples": 64}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_train_follows_a_job_and_watch_tells_it_again(stack: Stack, service: Client) -> None:
    options = ["--epochs", "2", "--train-samples", "192", "--test-samples", "64", "--learning-rate", "0.02"]
    code, output = run("train", *options, "--tag", "from_cli", "--url", stack.url)
    assert code == 0, output
    (job,) = service.jobs(tag="from_cli")
    assert job.json["spec"]["compile"]["optimizer"]["learning_rate"] == 0.02
    first, *lines = output.splitlines()
    assert first == f"job {job.id}"
    losses = job.model.history()["val_loss"]
    assert [line[:9] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert all(f"val loss {loss:.3f}" in line for loss, line in zip(losses, lines, strict=True))
    assert run("watch", job.id, "--url", stack.url) == (0, "\n".join([*lines, ""]))


def test_a_spec_in_a_file_is_posted_and_need_not_be_watched(stack: Stack, service: Client, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({**SMALL, "tags": ["from_file"]}))
    code, output = run("train", "--spec", str(tmp_path / "job.json"), "--no-watch", "--url", stack.url)
    (job,) = service.jobs(tag="from_file")
    assert (code, output) == (0, f"job {job.id}\n")
    job.cancel()
    code, output = run("watch", job.id, "--url", stack.url)
    assert (code, output.splitlines()[-1]) == (1, "The job cancelled.")


def test_what_is_wrong_is_said_without_a_traceback(stack: Stack) -> None:
    code, output = run("train", "--epochs", "0", "--url", stack.url)
    assert code == 1
    assert "/epochs" in output
    address = f"http://127.0.0.1:{free_port()}"
    code, output = run("watch", "some-job", "--url", address)
    assert code == 1
    assert f"No service answers at {address}" in output
    assert "--url" in output
    assert "Traceback" not in output
