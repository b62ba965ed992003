"""A training leaves the service for TensorBoard and for MLflow, and their own readers find all of it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obstore
import pytest
from PIL import Image

from cnnservice.client import Model
from live import Stack


@pytest.fixture(scope="module")
def unzipped(client: httpx.Client, small_cnn: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both exports of a model of two epochs lie."""
    folder = tmp_path_factory.mktemp("exports")
    for name in ("tensorboard", "mlflow"):
        response = client.get(f"/v1/models/{small_cnn.id}/export?format={name}")
        assert response.status_code == 200, response.text
        zipfile.ZipFile(io.BytesIO(response.content)).extractall(folder)
    return folder


@pytest.fixture(scope="module")
def history(small_cnn: Model) -> dict[str, list[float]]:
    return small_cnn.history()


@pytest.fixture(scope="module")
def runs(unzipped: Path, small_cnn: Model) -> dict[str, Any]:
    """What TensorBoard reads, by run."""
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    everything = {"histograms": 0, "images": 0, "tensors": 0, "scalars": 0}
    multiplexer = EventMultiplexer(size_guidance=everything).AddRunsFromDirectory(str(unzipped / small_cnn.id))
    multiplexer.Reload()
    return {name: multiplexer.GetAccumulator(name) for name in multiplexer.Runs()}


def test_tensorboard_finds_the_curves_of_training_and_validation(
    runs: dict[str, Any], history: dict[str, list[float]]
) -> None:
    assert runs.keys() == {"train", "validation"}
    for run, prefix in (("train", ""), ("validation", "val_")):
        for name in ("loss", "categorical_accuracy"):
            told = runs[run].Scalars(f"epoch_{name}")
            assert [event.step for event in told] == [1, 2]
            np.testing.assert_allclose([event.value for event in told], history[f"{prefix}{name}"], rtol=1e-6)
            assert told[0].wall_time < told[1].wall_time


def test_tensorboard_finds_the_weights_of_every_epoch_as_histograms(
    runs: dict[str, Any], stack: Stack, small_cnn: Model
) -> None:
    tensors = {epoch: stack.tensors(small_cnn.id, epoch) for epoch in (0, 1, 2)}
    stored = {name for name in tensors[0] if name.startswith("model/")}
    tags = {f"{name.split('/')[1]}/{name.split('/')[3]}": name for name in stored}
    assert set(runs["train"].Tags()["histograms"]) == tags.keys()
    for tag, name in tags.items():
        events = runs["train"].Histograms(tag)
        assert [event.step for event in events] == [0, 1, 2]
        for event in events:
            values, told = tensors[event.step][name].astype(np.float64), event.histogram_value
            assert (told.num, told.min, told.max) == (values.size, values.min(), values.max())
            assert told.sum == pytest.approx(values.sum())
            edges = np.array([told.min, *told.bucket_limit])
            np.testing.assert_array_equal(told.bucket, np.histogram(values, edges)[0], err_msg=f"{tag} {event.step}")


def test_tensorboard_finds_the_filters_as_pictures_and_the_spec_as_text(runs: dict[str, Any], small_cnn: Model) -> None:
    from tensorboard.util.tensor_util import make_ndarray

    assert {"Conv1/filters", "Conv2/filters"} <= set(runs["train"].Tags()["images"])
    kernel = small_cnn.layer("Conv1").filters(epoch=2).array
    event = runs["train"].Images("Conv1/filters")[-1]
    picture = Image.open(io.BytesIO(event.encoded_image_string))
    assert (event.step, picture.size) == (2, (event.width, event.height))
    # The filter with the largest weight has the brightest pixel of the first tile's row.
    assert np.asarray(picture.convert("L")).max() == 255
    assert len(kernel) == 32
    (text,) = runs["train"].Tensors("spec")
    assert '"dataset": "mnist"' in make_ndarray(text.tensor_proto).item().decode()


@pytest.fixture
def mlflow_run(unzipped: Path, small_cnn: Model, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """MLflow's client in the folder of the export, and the run that it finds there."""
    monkeypatch.chdir(unzipped)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri="mlruns")
    experiment = client.get_experiment_by_name("cnnservice")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], f"tags.model_id = '{small_cnn.id}'")
    return client, run


def test_mlflow_finds_parameters_metrics_and_tags(
    mlflow_run: tuple[Any, Any], history: dict[str, list[float]], small_cnn: Model
) -> None:
    client, run = mlflow_run
    assert (run.info.status, run.info.lifecycle_stage, run.info.run_name) == ("FINISHED", "active", small_cnn.id)
    assert run.info.start_time < run.info.end_time
    expected = {"dataset": "mnist", "epochs": "2", "architecture": "cnn", "compile.optimizer.name": "sgd"}
    assert expected.items() <= run.data.params.items()
    assert run.data.tags["epoch"] == "2"
    assert run.data.metrics.keys() == history.keys() - {"epoch"}
    for name in run.data.metrics:
        told = client.get_metric_history(run.info.run_id, name)
        assert [metric.step for metric in told] == [1, 2]
        assert [metric.value for metric in told] == history[name]
        assert run.info.start_time < told[0].timestamp < told[1].timestamp == run.info.end_time


def test_mlflow_finds_the_model_and_its_history(
    mlflow_run: tuple[Any, Any], client: httpx.Client, small_cnn: Model, tmp_path: Path
) -> None:
    mlflow_client, run = mlflow_run
    names = {file.path for file in mlflow_client.list_artifacts(run.info.run_id)}
    assert names == {"history.csv", "spec.json", "model.keras"}
    found = {name: Path(mlflow_client.download_artifacts(run.info.run_id, name, str(tmp_path))) for name in names}
    for name, path in (("history.csv", "history.csv"), ("model.keras", "export?format=keras")):
        assert found[name].read_bytes() == client.get(f"/v1/models/{small_cnn.id}/{path}").content, name


def test_mlflow_takes_it_into_a_database(unzipped: Path, small_cnn: Model, tmp_path: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.store.fs2db import migrate

    database = f"sqlite:///{tmp_path / 'mlflow.db'}"
    migrate(unzipped / "mlruns", database, progress=False)
    client = MlflowClient(tracking_uri=database)
    experiment = client.get_experiment_by_name("cnnservice")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["model_id"] == small_cnn.id
    assert [metric.step for metric in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]


def test_made_twice_an_export_is_the_same_bytes(client: httpx.Client, stack: Stack, small_cnn: Model) -> None:
    for name in ("tensorboard", "mlflow"):
        url = f"/v1/models/{small_cnn.id}/export?format={name}&epoch=1"
        first = client.get(url).content
        (path,) = [path for path in stack.files(f"exports/{small_cnn.id}/") if _holds(stack, path, first)]
        obstore.delete(stack.store, path)
        assert client.get(url).content == first, name


def _holds(stack: Stack, path: str, content: bytes) -> bool:
    return stack.read(path).endswith(content)
