"""The Python client on the whole stack: what it tells of models is what checkpoints and raw answers say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load_file

from cnnservice.client import (
    Client,
    Model,
)
from live import Stack

SMALL: dict[str, Any] = {"train_samples": 192, "test_samples": 64}


def test_filters_are_the_checkpoints_numbers(small_cnn: Model, stack: Stack) -> None:
    for epoch in (0, 1, 2):
        filters = small_cnn.layer("Conv1").filters(epoch=epoch)
        kernel = stack.tensors(small_cnn.id, epoch)["model/Conv1/0/kernel"]
        assert filters.array.dtype == np.float32
        np.testing.assert_array_equal(filters.array, kernel[:, :, 0].transpose(2, 0, 1))
        assert filters.json["slices"][5]["max"] == pytest.approx(float(kernel[:, :, 0, 5].max()))
        np.testing.assert_array_equal(small_cnn.at(epoch).layer("Conv1").filters().array, filters.array)


def test_a_model_tells_its_summary_weights_history_and_evaluation(
    small_cnn: Model, client: httpx.Client, stack: Stack
) -> None:
    summary = small_cnn.summary
    assert summary.params == 5 * 5 * 32 + 32 + 5 * 5 * 32 * 64 + 64 + 4 * 4 * 64 * 100 + 100 + 100 * 10 + 10
    assert summary.layers[2].formula == "5*5*32*64+64"
    printed = str(summary).splitlines()
    assert printed[3].split() == ["Conv2", "conv2d", "(8,", "8,", "64)", "51,264", "5*5*32*64+64"]
    assert [layer.name for layer in small_cnn.layers] == [layer.name for layer in summary.layers]
    assert small_cnn.epochs == [0, 1, 2]
    tensors = stack.tensors(small_cnn.id, 1)
    (kernel, bias) = small_cnn.weights(epoch=1)["Conv1"]
    assert (kernel["shape"], bias["shape"]) == ([5, 5, 1, 32], [32])
    assert kernel["std"] == pytest.approx(float(tensors["model/Conv1/0/kernel"].std()), rel=1e-4)
    raw = client.get(f"/v1/models/{small_cnn.id}/history.json").json()
    history = small_cnn.history()
    assert history.pop("epoch") == [1, 2]
    assert len(history.pop("seconds")) == 2
    assert history == raw["history"]
    evaluation = small_cnn.evaluation(limit=3)
    assert evaluation["accuracy"] == pytest.approx(history["val_categorical_accuracy"][-1])
    assert np.trace(evaluation["confusion"]) == pytest.approx(evaluation["accuracy"] * SMALL["test_samples"])


def test_an_export_holds_the_weights_of_its_epoch(small_cnn: Model, stack: Stack, tmp_path: Path) -> None:
    file = small_cnn.at(1).export("safetensors", tmp_path / "model.safetensors")
    exported = load_file(file)
    np.testing.assert_array_equal(exported["Conv1/kernel"], stack.tensors(small_cnn.id, 1)["model/Conv1/0/kernel"])
    assert small_cnn.export("onnx", tmp_path / "model.onnx", epoch=2).stat().st_size > exported["FC1/kernel"].nbytes


def test_presets_data_sets_and_methods_are_listed(service: Client, client: httpx.Client) -> None:
    assert service.architectures()["cnn"]["layers"][0]["filters"] == 32
    names = [dataset.name for dataset in service.datasets()]
    assert names == [each["name"] for each in client.get("/v1/datasets").json()["items"]]
    mnist = service.dataset("mnist")
    assert (mnist.shape, mnist.classes[3]) == ((28, 28, 1), "3")
    assert service.attribution_methods()["gradient"]["source"]
    linear = [{"type": "conv2d", "filters": 4, "kernel_size": 5}, {"type": "conv2d", "filters": 4, "kernel_size": 5}]
    output = [{"type": "flatten"}, {"type": "dense", "units": 10, "activation": "softmax"}]
    summary = service.validate({"layers": [*linear, *output]}, dataset="mnist")
    assert {warning.code for warning in summary.warnings} == {"no-nonlinearity"}
    assert summary.params == 5 * 5 * 4 + 4 + 5 * 5 * 4 * 4 + 4 + 20 * 20 * 4 * 10 + 10
