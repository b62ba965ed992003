"""The whole service in containers, for real: `make test-compose`, on a machine with a Docker engine.

DOCKER_BUILD_OPTIONS may hold what this engine needs to build. What runs here is removed at the end, its volumes too.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from live import free_port, wait_until

ROOT = Path(__file__).parents[2]
PROJECT = "cnnservice-check"
OURS = ("api", "worker-train", "worker-inspect")
JOB = {"dataset": "mnist", "epochs": 2}
# Two workers that load TensorFlow at once, on two cores.
SLOWLY = 600


def run(*command: str, check: bool = True, **environment: str) -> str:
    """What a command prints; what it complains of is shown as it comes."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE)
    assert not check or done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}"
    return done.stdout.strip()


@dataclass
class Containers:
    """The project's containers and how to reach its API."""

    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
        self._compose = ["docker", "compose"] if plugin else ["docker-compose"]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def compose(self, *arguments: str) -> str:
        """Run compose on the project."""
        return run(*self._compose, "-p", PROJECT, *arguments, API_PORT=str(self.port), COMPOSE_PROFILES="")

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's only container."""
        name = run("docker", "ps", "-aq", *self._labelled("project", PROJECT), *self._labelled("service", service))
        (found,) = json.loads(run("docker", "inspect", *name.split()))
        return dict(found)

    def inside(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a service's container."""
        return run("docker", "exec", self.inspect(service)["Id"], *command, check=check)

    def healthy(self, *services: str) -> bool:
        """Whether they are, each by its own check."""
        return all(self.inspect(service)["State"]["Health"]["Status"] == "healthy" for service in services)

    def post(self, **changes: Any) -> str:
        """The id of a new job."""
        answer = self.client.post("/v1/jobs", json={**JOB, **changes})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """A job as it is now."""
        return dict(self.client.get(f"/v1/jobs/{job_id}").json())

    def ended(self, job_id: str) -> dict[str, Any]:
        """A job at its end."""
        wait_until(lambda: self.job(job_id)["ended_at"], "the job's end", SLOWLY)
        return self.job(job_id)

    def get(self, path: str) -> bytes:
        """An answer, which must be a 200; what takes long is asked for until it is there."""
        answer = wait_until(lambda: self._no_promise(self.client.get(path)), path, SLOWLY)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.content

    @staticmethod
    def _no_promise(answer: httpx.Response) -> httpx.Response | None:
        return None if answer.status_code == 202 else answer

    @staticmethod
    def _labelled(kind: str, value: str) -> tuple[str, str]:
        return "--filter", f"label=com.docker.compose.{kind}={value}"


@pytest.fixture(scope="module")
def containers() -> Iterator[Containers]:
    """The images built anew, the whole service up and healthy."""
    options = shlex.split(os.environ.get("DOCKER_BUILD_OPTIONS", ""))
    for name in ("api", "worker"):
        run("docker", "build", *options, "--target", name, "-t", f"cnnservice-{name}", ".")
    found = Containers()
    try:
        found.compose("up", "-d", "--no-build")
        wait_until(lambda: found.healthy("redis", "postgres", *OURS), "all to be healthy", SLOWLY)
        yield found
    finally:
        for service in (*OURS, "migrate"):
            print(found.compose("logs", "--no-color", "--tail=20", service))
        found.compose("down", "-v", "--remove-orphans", "-t", "60")


@pytest.fixture(scope="module")
def trained(containers: Containers) -> str:
    """A job that has succeeded."""
    job = containers.ended(containers.post())
    assert (job["status"], job["attempt"], job["error"]) == ("succeeded", 1, None)
    return str(job["id"])


@pytest.mark.usefixtures("containers")
def test_the_image_of_the_api_has_no_tensorflow_and_no_image_has_tools_to_build_with() -> None:
    look = (
        "import importlib.util as u, pathlib, shutil;"
        "print(*[n for n in ('tensorflow', 'keras', 'setuptools', 'pip') if u.find_spec(n)],"
        "*[t for t in ('gcc', 'cc', 'make') if shutil.which(t)],"
        "*[p for p in ('/root/.cache', '/tmp/pip-cache', '/srv/requirements') if pathlib.Path(p).exists()])"
    )
    found = {
        name: run("docker", "run", "--rm", "--user", "0", f"cnnservice-{name}", "python", "-c", look).split()
        for name in ("api", "worker")
    }
    # TensorFlow itself requires setuptools.
    assert found == {"api": [], "worker": ["tensorflow", "keras", "setuptools"]}
    sizes = {
        name: int(run("docker", "inspect", "-f", "{{.Size}}", f"cnnservice-{name}")) / 1e6 for name in ("api", "worker")
    }
    print(f"megabytes: {sizes}")
    assert sizes["api"] < sizes["worker"] / 3


def test_each_starts_when_what_it_stands_on_is_there(containers: Containers) -> None:
    migrated = containers.inspect("migrate")["State"]
    assert migrated["ExitCode"] == 0
    assert containers.inspect("postgres")["State"]["StartedAt"] < migrated["StartedAt"]
    for service in OURS:
        assert migrated["FinishedAt"] < containers.inspect(service)["State"]["StartedAt"], service
    assert wait_until(lambda: containers.client.get("/readyz").status_code == 200, "the service to be ready")


@pytest.mark.parametrize("service", OURS)
def test_it_runs_without_root_and_writes_to_its_volume_alone(containers: Containers, service: str) -> None:
    host = containers.inspect(service)["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
    code = (
        "import os, pathlib; status = pathlib.Path('/proc/1/status').read_text();"
        "print([l.split()[1] for l in status.splitlines() if l.startswith(('Uid', 'CapEff', 'NoNewPrivs'))]);"
        "print([p for p in ('/srv', '/venv', '/home', '/etc', '/data', '/tmp', '/') if os.access(p, os.W_OK)])"
    )
    assert containers.inside(service, "python", "-c", code).splitlines() == [
        "['10001', '0000000000000000', '1']",
        "['/data', '/tmp']",
    ]


@pytest.mark.parametrize("service", ["redis", "postgres"])
def test_what_keeps_data_is_not_served_by_root_either(containers: Containers, service: str) -> None:
    (uid,) = [
        line.split()[1] for line in containers.inside(service, "cat", "/proc/1/status").splitlines() if "Uid" in line
    ]
    assert uid != "0"


def test_it_is_published_on_loopback_alone(containers: Containers) -> None:
    ports = {
        service: containers.inspect(service)["HostConfig"]["PortBindings"] for service in (*OURS, "redis", "postgres")
    }
    assert {service: bound for service, bound in ports.items() if bound} == {
        "api": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(containers.port)}]}
    }


def test_whatever_is_asked_of_a_model_is_answered_from_containers_that_cannot_write(
    containers: Containers, trained: str
) -> None:
    model = f"/v1/models/{trained}"
    containers.get(f"{model}/layers/Conv1/filters.png")
    containers.get(f"{model}/layers/Conv2/activations.png?image=mnist:test:0")
    containers.get(f"{model}/attributions/integrated_gradients.png?image=mnist:test:0")
    # UMAP's compiled functions are kept, and exports made, where there is room for it.
    containers.get(f"{model}/layers/FC1/embedding.png?method=umap&wait=30")
    for name in ("keras", "onnx", "safetensors"):
        containers.get(f"{model}/export?format={name}")


def test_a_job_whose_worker_dies_is_finished_by_the_next(containers: Containers) -> None:
    job = containers.post(epochs=6)
    wait_until(lambda: containers.job(job)["epochs_done"] >= 1, "the first epoch", SLOWLY)
    # The process that its init started dies by itself, and the engine starts the container again.
    die = "import os, signal; os.kill(int(open('/proc/1/task/1/children').read().split()[0]), signal.SIGKILL)"
    containers.inside("worker-train", "python", "-c", die)
    wait_until(lambda: containers.job(job)["attempt"] == 2, "the second attempt", SLOWLY)
    done = containers.job(job)["epochs_done"]
    wait_until(lambda: containers.job(job)["epochs_done"] > done, "an epoch of the second attempt", SLOWLY)
    # Somebody kills the container, and somebody starts it again.
    run("docker", "kill", containers.inspect("worker-train")["Id"])
    containers.compose("up", "-d", "--no-build")
    found = containers.ended(job)
    assert (found["status"], found["attempt"], found["epochs_done"]) == ("succeeded", 3, 6)


def test_a_worker_elsewhere_joins_by_three_settings(containers: Containers) -> None:
    containers.compose("stop", "worker-train")
    settings = {
        "CNNSERVICE_DATABASE_URL": "postgresql://cnnservice:cnnservice@postgres/cnnservice",
        "CNNSERVICE_REDIS_URL": "redis://redis:6379/0",
        "CNNSERVICE_STORE_URL": "file:///elsewhere/artifacts",
    }
    stranger = run(
        *("docker", "run", "-d", "--rm", "--network", f"{PROJECT}_default", "--hostname", "elsewhere"),
        *(part for name, value in settings.items() for part in ("-e", f"{name}={value}")),
        *("-v", f"{PROJECT}_data:/elsewhere", "cnnservice-worker", "python", "-m", "worker", "train"),
    )
    try:
        assert containers.ended(containers.post())["status"] == "succeeded"
    finally:
        run("docker", "stop", "-t", "60", stranger)
        containers.compose("start", "worker-train")


def test_it_stops_in_time_and_a_job_goes_on_after_the_next_start(containers: Containers) -> None:
    job = containers.post(epochs=4)
    wait_until(lambda: containers.job(job)["epochs_done"] >= 1, "the first epoch", SLOWLY)
    containers.compose("stop")
    # 137 is what is left of one that had to be killed.
    assert [containers.inspect(service)["State"]["ExitCode"] for service in OURS] == [0, 0, 0]
    containers.compose("up", "-d", "--no-build")
    wait_until(lambda: containers.healthy("api"), "the API", SLOWLY)
    found = containers.ended(job)
    assert (found["status"], found["epochs_done"]) == ("succeeded", 4)
