"""A training as a run of MLflow, in the layout of its file store.

MLflow goes on reading that layout, and `mlflow migrate-filestore` takes it into a database; the tables of a database
differ from one version of MLflow to the next. A file `meta.yaml` is written as JSON, which is YAML.
Source: mlflow/store/tracking/file_store.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnnservice.database.tables import Epoch
from cnnservice.export.history import history_csv, metric_names
from cnnservice.models import Snapshot

_EXPERIMENT, _EXPERIMENT_ID = "cnnservice", "726173696768746578"
# Of mlflow.entities: a run that has finished, of a source on somebody's own machine.
_FINISHED, _LOCAL = 3, 4


def write_mlflow(folder: Path, snapshot: Snapshot, epochs: Sequence[Epoch]) -> Path:
    """Write a folder `mlruns` with one run: the training up to an epoch, told by the rows of its epochs from 1 on.

    Returns the folder of the run's artifacts. All exported runs are of one experiment, so that those unzipped into
    the same place are seen side by side.
    """
    job, run_id = snapshot.job, snapshot.job.id.replace("-", "")
    experiment = folder / "mlruns" / _EXPERIMENT_ID
    run = experiment / run_id
    for name in ("metrics", "params", "tags", "artifacts"):
        (run / name).mkdir(parents=True)
    began, ended = _milliseconds(job.started_at or job.created_at), _milliseconds(snapshot.row.created_at)
    _write_meta(
        experiment,
        name=_EXPERIMENT,
        experiment_id=_EXPERIMENT_ID,
        artifact_location=f"mlruns/{_EXPERIMENT_ID}",
        lifecycle_stage="active",
        creation_time=began,
        last_update_time=ended,
    )
    _write_meta(
        run,
        run_id=run_id,
        run_uuid=run_id,
        run_name=job.id,
        experiment_id=_EXPERIMENT_ID,
        user_id=_EXPERIMENT,
        status=_FINISHED,
        start_time=began,
        end_time=ended,
        lifecycle_stage="active",
        # Within the folder that it is unzipped into.
        artifact_uri=f"mlruns/{_EXPERIMENT_ID}/{run_id}/artifacts",
        source_type=_LOCAL,
        source_name=_EXPERIMENT,
        source_version="",
        entry_point_name="",
        tags=[],
    )
    _write_values(run / "params", _parameters(snapshot))
    _write_values(run / "tags", _tags(snapshot))
    _write_values(run / "metrics", {name: _measured(epochs, name) for name in [*metric_names(epochs), "seconds"]})
    artifacts = {"history.csv": history_csv(epochs), "spec.json": snapshot.spec.model_dump_json(indent=1)}
    _write_values(run / "artifacts", artifacts)
    return run / "artifacts"


def _write_meta(folder: Path, **meta: Any) -> None:
    (folder / "meta.yaml").write_text(json.dumps(meta))


def _write_values(folder: Path, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        (folder / name).write_text(value, encoding="utf-8", newline="")


def _measured(epochs: Sequence[Epoch], name: str) -> str:
    """A line an epoch: milliseconds since 1970, value, step."""
    values = [(row, row.seconds if name == "seconds" else row.metrics[name]) for row in epochs]
    return "".join(f"{_milliseconds(row.created_at)} {value} {row.epoch}\n" for row, value in values)


def _parameters(snapshot: Snapshot) -> dict[str, str]:
    spec = snapshot.spec.model_dump(mode="json", exclude_none=True, exclude={"tags"})
    if not isinstance(spec["architecture"], str):
        spec["architecture"] = "of its own: see spec.json"
    return dict(_flat("", spec))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value)


def _tags(snapshot: Snapshot) -> dict[str, str]:
    return {
        "mlflow.runName": snapshot.job.id,
        "mlflow.source.name": _EXPERIMENT,
        "model_id": snapshot.job.id,
        "epoch": str(snapshot.epoch),
        "tags": ", ".join(snapshot.spec.tags),
        "runtime": json.dumps(snapshot.job.runtime),
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
