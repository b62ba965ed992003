"""A TypeScript client, generated from the document that the service gives of itself, with nothing done by hand."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from live import Stack, wait_for_end

PROJECT = Path(__file__).parents[1] / "typescript"
NODE = Path(sys.executable).parent / "node"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Something that Node runs, in the project of the client."""
    assert (PROJECT / "node_modules").is_dir(), "npm has installed nothing yet: make .venv/node.stamp"
    return subprocess.run([str(NODE), *command], cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def generated(stack: Stack) -> Path:
    """The client's types, of the service as it runs."""
    path = PROJECT / "generated" / "cnnservice.ts"
    done = run(
        "node_modules/openapi-typescript/bin/cli.js", f"{stack.url}/openapi.json", "--output", str(path),
        "--default-non-nullable", "false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


def test_the_client_compiles_in_strict_mode_and_a_mistake_does_not(generated: Path) -> None:
    options = json.loads((PROJECT / "tsconfig.json").read_text())["compilerOptions"]
    assert options["strict"]
    told = run("node_modules/typescript/bin/tsc", "--project", ".", "--pretty", "false").stdout
    found = {(place[1], int(place[2])) for place in re.finditer(r"^(\S+\.ts)\((\d+),\d+\): error", told, re.MULTILINE)}
    lines = (PROJECT / "mistakes.ts").read_text().splitlines()
    wrong = {("mistakes.ts", number) for number, line in enumerate(lines, 1) if line.endswith("// wrong")}
    assert len(wrong) > 10
    assert found == wrong, told


def test_the_page_is_checked_against_the_same_types_and_a_mistake_is_found(generated: Path, tmp_path: Path) -> None:
    def told(config: Path) -> str:
        return run("node_modules/typescript/bin/tsc", "--project", str(config), "--pretty", "false").stdout

    config = PROJECT / "page.tsconfig.json"
    assert json.loads(config.read_text())["compilerOptions"]["strict"]
    assert told(config) == ""
    page = PROJECT.parents[1] / "api/page"
    copy = Path(shutil.copytree(page, tmp_path / "page"))
    (copy / "progress.js").write_text((page / "progress.js").read_text().replace("job.eta_seconds", "job.eta"))
    options = json.loads(config.read_text())
    options["compilerOptions"]["paths"] = {"cnnservice": [str(generated)]}
    options["include"] = [f"{copy}/**/*.js"]
    (tmp_path / "tsconfig.json").write_text(json.dumps(options))
    assert "progress.js" in told(tmp_path / "tsconfig.json")


def test_nothing_of_the_client_is_forced_upon_the_compiler() -> None:
    for path in PROJECT.glob("*.ts"):
        assert "@ts-" not in path.read_text(), path
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
        assert not re.search(r"\bas (?!const\b)|\w!\.|\bany\b", code), path


def test_the_client_sees_what_python_sees(generated: Path, stack: Stack, client: httpx.Client) -> None:
    done = run("end_to_end.ts", stack.url)
    assert done.returncode == 0, done.stderr
    saw: dict[str, Any] = json.loads(done.stdout)

    # A training is decided by its spec: the same again is the same network, for Python to look into.
    job = client.post("/v1/jobs", json=saw["spec"]).json()
    job = wait_for_end(client, job["id"])
    model = f"/v1/models/{job['id']}"
    layers = client.get(f"{model}/layers").json()["layers"]
    history = client.get(f"{model}/history.json").json()
    filters = f"{model}/layers/Conv1/filters"
    image = {"image": "mnist:test:0"}

    assert saw["datasets"] == [dataset["name"] for dataset in client.get("/v1/datasets").json()["items"]]
    assert saw["filters"] == 4
    assert saw["params"] == (5 * 5 * 1 * 4 + 4) + (12 * 12 * 4 * 10 + 10)
    (cnn,) = [preset for preset in client.get("/v1/architectures").json()["items"] if preset["name"] == "cnn"]
    kernels = [2 * layer["filters"] for layer in cnn["layers"] if layer["type"] == "conv2d"]
    assert [saw["doubled"][place] for place, layer in enumerate(cnn["layers"]) if layer["type"] == "conv2d"] == kernels
    assert saw["answered_spec"] == job["spec"]
    assert saw["seen"] == {
        "epochs": history["epoch"],
        "losses": history["history"]["loss"],
        "end": {"status": "succeeded", "epochs_done": 2, "error": None},
    }
    assert saw["classes"] == 10
    assert saw["layers"] == ["Conv1", "Pool1", "Flatten", "FC1"] == [layer["name"] for layer in layers]
    assert saw["deviations"] == [weight["std"] for layer in layers for weight in layer["weights"]]
    assert saw["slices"] == client.get(f"{filters}.json").json()["slices"]
    png = client.get(f"{filters}.png", params={"epoch": 2, "cmap": "viridis"}).content
    assert saw["png"] == hashlib.sha256(png).hexdigest()
    assert saw["not_modified"] == 304
    assert saw["maps"] == 4
    assert saw["probabilities"] == client.get(f"{model}/predictions.json", params=image).json()["probabilities"]
    assert saw["problems"] == ["404 Unknown epoch", "422 /epochs"]
    assert (saw["deleted"], saw["gone"]) == (204, "/problems/unknown-job")
