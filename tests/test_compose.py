"""What can be said of the containers without an engine; tests/compose/ runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnnservice.settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("cnnservice-")}
EXAMPLE = (ROOT / ".env.example").read_text()
# Names that compose itself reads.
OF_COMPOSE = {"COMPOSE_PROFILES"}


def test_what_is_ours_is_all_that_the_dockerfile_makes() -> None:
    assert set(OURS) == {"migrate", "api", "worker-train", "worker-inspect", "worker-gpu"}
    built = [service["build"]["target"] for service in OURS.values() if "build" in service]
    assert sorted(built) == ["api", "worker", "worker-gpu"]
    assert {f"cnnservice-{target}" for target in built} == {service["image"] for service in OURS.values()}
    assert all(service["pull_policy"] == "never" for service in OURS.values())


@pytest.mark.parametrize("name", OURS)
def test_it_can_neither_write_nor_become_more_than_it_is(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["stop_grace_period"] == "60s"
    assert [place.split(":")[0] for place in service["tmpfs"]] == ["/tmp"]
    assert "user" not in service  # the image's own, below


def test_no_image_of_ours_runs_as_root() -> None:
    users: dict[str, str] = {}
    stage = ""
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if found := re.match(r"FROM (\S+) AS (\S+)", line):
            stage = found[2]
            users[stage] = users.get(found[1], "root")
        elif found := re.match(r"USER (\S+)", line):
            users[stage] = found[1]
    assert {users[target] for target in ("api", "worker", "worker-gpu")} == {"cnnservice"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ("migrate", "flower")])
def test_whatever_goes_on_running_says_how_it_is(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_every_port_is_published_on_loopback_unless_somebody_says_otherwise() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith(("127.0.0.1:", "${API_ADDRESS:-127.0.0.1}:")) for port in ports)


def test_every_image_is_pinned() -> None:
    images = {service["image"] for service in SERVICES.values() if "build" not in service} - {
        service["image"] for service in OURS.values()
    }
    bases = re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert images
    assert bases == ["python:${PYTHON_VERSION}-slim-trixie"]
    for image in images:
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?", image), image


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(r"\bCNNSERVICE_[A-Z_]+\b", TEXT + EXAMPLE + (ROOT / "Dockerfile").read_text()))
    fields = {f"CNNSERVICE_{field.upper()}" for field in Settings.model_fields}
    assert named
    assert named <= fields


def test_the_example_names_every_variable_with_its_default_and_no_other() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", TEXT)) | {
        name for service in OURS.values() for name, value in service["environment"].items() if value is None
    }
    assert set(re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE)) - OF_COMPOSE == used
    # As it stands, it is an empty file: no .env is needed.
    assert all(line.startswith("#") for line in EXAMPLE.splitlines() if line)
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))
    told = re.findall(r"^# ([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    assert all((name, default) in told for name, default in defaults.items())


def test_what_is_scraped_is_the_api_where_it_listens() -> None:
    (job,) = yaml.safe_load((ROOT / "compose/prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"api:{Settings.model_fields['port'].default}"]}]
    assert SERVICES["api"]["ports"][0].endswith(f":{Settings.model_fields['port'].default}")


def samples(page: str) -> dict[str, set[str]]:
    """Of each sample that docs/observing.md explains the labels; a scrape is held against it in tests/system."""
    found = dict[str, set[str]]()
    for name, labels, meaning in re.findall(r"^\| `(cnnservice_\w+)(?:\{(.*?)\})?` \| (\w+)", page, re.MULTILINE):
        of_it = set(filter(None, labels.split(", ")))
        if meaning == "histogram":
            found |= {f"{name}_bucket": of_it | {"le"}, f"{name}_count": of_it, f"{name}_sum": of_it}
        else:
            found[name] = of_it
    return found


def test_whatever_the_dashboard_asks_for_is_told_with_the_labels_that_it_asks_by() -> None:
    dashboard = json.loads((ROOT / "compose/grafana/dashboards/cnnservice.json").read_text())
    asked = [(each["expr"], each["legendFormat"]) for panel in dashboard["panels"] for each in panel["targets"]]
    page = (ROOT / "docs/observing.md").read_text()
    asked += [(line, "") for line in re.findall(r"^    ((?:sum|max|histogram_quantile)\b.*)$", page, re.MULTILINE)]
    (scraped,) = yaml.safe_load((ROOT / "compose/prometheus/prometheus.yml").read_text())["scrape_configs"]
    told = {**samples(page), "up": {"job"}}
    assert len(asked) > len(dashboard["panels"])
    for expression, legend in asked:
        selectors = re.findall(r"\b(up|cnnservice_\w+)\b(?:\{(.*?)\})?", re.sub(r'"[^"]*"', '""', expression))
        kept = {label.strip() for by in re.findall(r"\bby \((.*?)\)", expression) for label in by.split(",")}
        assert selectors, expression
        for name, narrowed in selectors:
            assert name in told, expression
            assert kept | set(re.findall(r"(\w+)[=!]", narrowed)) <= told[name], (name, expression)
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= kept, (legend, expression)
        assert set(re.findall(r'\bjob="(.*?)"', expression)) <= {scraped["job_name"]}


def test_grafana_finds_its_dashboard_and_the_dashboard_its_source() -> None:
    sources = yaml.safe_load((ROOT / "compose/grafana/provisioning/datasources/prometheus.yml").read_text())
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    dashboard = json.loads((ROOT / "compose/grafana/dashboards/cnnservice.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    (provider,) = yaml.safe_load((ROOT / "compose/grafana/provisioning/dashboards/files.yml").read_text())["providers"]
    mounts = dict(mount.split(":")[:2][::-1] for mount in SERVICES["grafana"]["volumes"])
    assert (ROOT / mounts[provider["options"]["path"]] / "cnnservice.json").exists()
