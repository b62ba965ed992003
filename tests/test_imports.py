"""Who may import whom, and what the API's process never holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
from importlinter.cli import lint_imports

from live import Stack

ROOT = Path(__file__).parents[1]


def test_the_import_rules_hold() -> None:
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        assert lint_imports() == 0
    finally:
        os.chdir(here)


def test_only_cnnservice_nn_names_keras_or_tensorflow() -> None:
    named = [
        path.relative_to(ROOT).as_posix()
        for package in ("api", "worker", "cnnservice")
        for path in (ROOT / package).rglob("*.py")
        if any(
            line.split()[:2] in (["import", name], ["from", name]) or line.startswith(f"from {name}.")
            for line in map(str.strip, path.read_text().splitlines())
            for name in ("keras", "tensorflow")
        )
    ]
    assert named
    assert all(path.startswith("cnnservice/nn/") for path in named), named


def test_the_loaded_api_holds_no_keras() -> None:
    code = "import api.main, json, sys; api.main.create_app(); print(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    roots = {name.split(".")[0] for name in json.loads(printed)}
    assert "api" in roots
    assert not roots & {"keras", "tensorflow", "matplotlib", "h5py"}


def test_the_loaded_client_holds_nothing_of_the_service() -> None:
    code = "import cnnservice.client, json, sys; print(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    modules = json.loads(printed)
    assert {name.split(".")[1] for name in modules if name.startswith("cnnservice.")} == {"client"}
    foreign = {"api", "worker", "fastapi", "pydantic", "sqlalchemy", "redis", "celery", "keras", "tensorflow"}
    assert not {name.split(".")[0] for name in modules} & foreign


def test_the_serving_api_stays_under_200_mb_but_while_it_draws_and_maps_no_tensorflow(
    stack: Stack, client: httpx.Client
) -> None:
    # Pictures, data sets and pages have been asked for, so that what is loaded late is loaded.
    for path in ("/openapi.json", "/v1/datasets/mnist/train/images.png", "/v1/jobs", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200, path
    (process,) = [
        folder
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and _is_api(folder) and _port(folder) == stack.environment["CNNSERVICE_PORT"]
    ]
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    assert int(status["VmRSS"].split()[0]) < 200_000, status["VmRSS"]
    assert int(status["VmHWM"].split()[0]) < 256_000, status["VmHWM"]
    assert "tensorflow" not in (process / "maps").read_text()


def _is_api(process: Path) -> bool:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"api"]
    except OSError:
        return False


def _port(process: Path) -> str | None:
    environment = dict(
        part.split("=", 1) for part in (process / "environ").read_bytes().decode().split("\0") if "=" in part
    )
    return environment.get("CNNSERVICE_PORT")
