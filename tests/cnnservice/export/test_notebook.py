"""The notebook runs from top to bottom in plain Keras, and says what the network says."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from PIL import Image

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.export.notebook import Example, notebook
from cnnservice.export.weights_file import weights_file
from cnnservice.models import Snapshot

from .conftest import Stored, store_model

DIGITS = open_arrays(MNIST, Path("/nonexistent"))
EXAMPLE = Example(DIGITS.images("test")[0], "mnist:test:0", int(DIGITS.labels("test")[0]))


def weights_of(stored: Stored) -> bytes:
    return b"".join(weights_file(stored.store, stored.snapshot, {}).chunks())


def executed(document: dict[str, Any]) -> dict[str, Any]:
    """What the notebook's names stand for, once all its code cells have run in their order."""
    nbformat.validate(document)
    mpl.use("agg")
    names: dict[str, Any] = {}
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], names)
    mpl.pyplot.close("all")
    return names


def text_of(document: dict[str, Any]) -> str:
    return "\n".join(cell["source"] for cell in document["cells"] if cell["cell_type"] == "markdown")


def assert_says_the_same(names: dict[str, Any], stored: Stored, pixels: np.ndarray[Any, Any]) -> None:
    images = stored.snapshot.normalizer.apply(pixels)[np.newaxis]
    expected = stored.model.predict(images, verbose=0)[0]
    np.testing.assert_allclose(names["scores"], expected, atol=1e-6)


@pytest.fixture(autouse=True)
def _quiet_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")


pytestmark = pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")


def test_it_says_of_a_test_image_what_the_network_says(
    notebook_model: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = notebook(notebook_model.snapshot, weights=weights_of(notebook_model), example=EXAMPLE)
    names = executed(document)
    assert_says_the_same(names, notebook_model, EXAMPLE.pixels)
    np.testing.assert_array_equal(names["pixels"], EXAMPLE.pixels)
    best = int(np.argmax(names["scores"]))
    assert f"{best}  {names['scores'][best]:.4f}" in capsys.readouterr().out
    np.testing.assert_array_equal(names["kernel"], notebook_model.model.get_layer("Conv1").get_weights()[0])
    assert len([axis for axis in names["axes"].flat if axis.images]) == 32
    # A picture of one's own goes the same way.
    Image.fromarray(EXAMPLE.pixels[..., 0]).convert("RGB").save(tmp_path / "mine.png")
    np.testing.assert_array_equal(names["read_image"](tmp_path / "mine.png"), EXAMPLE.pixels)


def test_its_model_can_be_trained_on_as_the_job_was(notebook_model: Stored) -> None:
    names = executed(notebook(notebook_model.snapshot, weights=weights_of(notebook_model), example=None))
    images = np.random.default_rng(0).uniform(-1, 1, (16, 28, 28, 1)).astype(np.float32)
    labels = np.eye(10, dtype=np.float32)[np.arange(16) % 10]
    theirs, mine = (m.evaluate(images, labels, verbose=0) for m in (names["model"], notebook_model.model))
    np.testing.assert_allclose(theirs, mine, rtol=1e-5)
    names["model"].fit(images, labels, verbose=0)


def test_it_tells_the_shapes_and_where_the_parameters_come_from(notebook_model: Stored) -> None:
    text = text_of(notebook(notebook_model.snapshot, weights=b"", example=None))
    assert "| Conv2 | conv2d | MaxPool1 | 8 x 8 x 64 | 51,264 = 5·5·32·64+64 |" in text
    assert "| MaxPool2 | max_pooling2d | Conv2 | 4 x 4 x 64 | 0 |" in text
    assert "In all 155,606 parameters" in text
    assert "after epoch 3" in text


GRAPH = {
    "layers": [
        {"type": "random_flip", "name": "flip"},
        {"type": "conv2d", "name": "class", "filters": 3, "kernel_size": 3, "padding": "same", "trainable": False},
        {"type": "separable_conv2d", "name": "b", "filters": 3, "kernel_size": 3, "padding": "same"},
        {"type": "batch_normalization", "name": "norm"},
        {"type": "add", "name": "sum", "inputs": ["norm", "class"]},
        {"type": "global_average_pooling2d", "name": "pool"},
        {"type": "dense", "name": "out", "units": 10},
    ]
}


def test_a_network_with_branches_and_its_own_normalization_is_rebuilt() -> None:
    stored = store_model(
        architecture=GRAPH,
        normalization="standard",
        compile={"loss": {"name": "categorical_crossentropy", "from_logits": True}, "optimizer": {"name": "adam"}},
    )
    stored.snapshot.job.normalizer = Normalizer("standard", (33.3184,), (78.5675,)).record()
    names = executed(notebook(stored.snapshot, weights=weights_of(stored), example=EXAMPLE))
    assert_says_the_same(names, stored, EXAMPLE.pixels)


@pytest.mark.parametrize("normalization", ["minus_one_one", "zero_one"])
def test_pixels_are_scaled_as_in_training(notebook_model: Stored, normalization: Any) -> None:
    snapshot = notebook_model.snapshot
    snapshot.job.normalizer = Normalizer(normalization).record()
    try:
        document = notebook(snapshot, weights=b"", example=None)
        (cell,) = [cell["source"] for cell in document["cells"] if "def normalize" in cell["source"]]
        names: dict[str, Any] = {"np": np, "Image": Image}
        exec(cell, names)
        levels = np.arange(256, dtype=np.uint8)
        np.testing.assert_array_equal(names["normalize"](levels), Normalizer(normalization).apply(levels))
    finally:
        snapshot.job.normalizer = None


def test_a_network_without_convolutions_has_no_filters_to_draw() -> None:
    stored = store_model(architecture="mlp")
    names = executed(notebook(stored.snapshot, weights=weights_of(stored), example=EXAMPLE))
    assert_says_the_same(names, stored, EXAMPLE.pixels)
    assert "kernel" not in names


@pytest.fixture
def weights_url(notebook_model: Stored) -> Iterator[str]:
    """Where a server gives the weights to who has the key."""
    content = weights_of(notebook_model)

    class Weights(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["Authorization"] == "Bearer secret" else 401)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Weights)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/weights"
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_too_large_to_hold_are_fetched_from_the_service(notebook_model: Stored, weights_url: str) -> None:
    document = notebook(notebook_model.snapshot, weights=weights_url, example=EXAMPLE)
    first = next(cell for cell in document["cells"] if cell["cell_type"] == "code")
    assert f'WEIGHTS_URL = "{weights_url}"' in first["source"]
    first["source"] = first["source"].replace("HEADERS = {}", 'HEADERS = {"Authorization": "Bearer secret"}')
    assert_says_the_same(executed(document), notebook_model, EXAMPLE.pixels)


def test_without_an_image_at_hand_it_says_so(notebook_model: Stored) -> None:
    snapshot: Snapshot = notebook_model.snapshot
    document = notebook(snapshot, weights=weights_of(notebook_model), example=None)
    assert any("No image of mnist was at hand" in cell["source"] for cell in document["cells"])
    names = executed(document)
    assert_says_the_same(names, notebook_model, names["pixels"])


def test_it_opens_in_jupyter_as_it_is_written(notebook_model: Stored) -> None:
    document = notebook(notebook_model.snapshot, weights=b"x", example=EXAMPLE)
    read = nbformat.read(io.StringIO(json.dumps(document)), as_version=4)
    assert [cell.cell_type for cell in read.cells].count("code") >= 8
    assert len({cell.id for cell in read.cells}) == len(read.cells)
