"""A service is backed up while it trains, and comes back somewhere else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx

from live import Stack, train
from witness import TINY, Witness, ended, post, wait_for


def cnnservice(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnnservice", *arguments], env=stack.environment, capture_output=True, text=True
    )


def test_a_backup_made_while_a_job_trains_is_restored_into_an_empty_service(
    client: httpx.Client, stack: Stack, tmp_path: Path
) -> None:
    before = train(client, **TINY)["id"]
    running = post(client, TINY, epochs=500, keep={"last": 2})
    wait_for(client, running, 3)
    made = cnnservice(stack, "backup", str(tmp_path))
    assert made.returncode == 0, made.stdout + made.stderr
    client.post(f"/v1/jobs/{running}/cancel")
    (backup,) = tmp_path.glob("*.tar")
    here = {"CNNSERVICE_DATABASE_URL", "CNNSERVICE_STORE_URL", "CNNSERVICE_DATA_DIR"}
    environment = {name: value for name, value in stack.environment.items() if name not in here}
    elsewhere = tmp_path / "elsewhere"
    restored = replace(stack, data_dir=elsewhere, environment={**environment, "CNNSERVICE_DATA_DIR": str(elsewhere)})
    came_back = cnnservice(restored, "restore", str(backup))
    assert came_back.returncode == 0, came_back.stdout + came_back.stderr
    original, copy = Witness(stack), Witness(restored)
    assert copy.epochs(before) == original.epochs(before)
    assert restored.tensors(before, 1).keys() == stack.tensors(before, 1).keys()
    kept = copy.kept(running)
    assert kept[0] >= 2, "it had three epochs, and keeps two"
    for epoch in kept:
        assert restored.tensors(running, epoch)
    again = cnnservice(restored, "restore", str(backup))
    assert again.returncode == 1
    assert "not empty" in again.stdout
    original.close()
    copy.close()
    ended(client, running)
