"""docs/notebook.md holds: every request on it is sent, in its order, and what comes back is what the notebook shows.

The page says what is trained and asked for; here only epochs and images are fewer.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load

from cnnservice.specs.job import JobSpec
from live import Stack, second_worker, wait_for_end

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "notebook.md"
HEAD = ROOT / "cnnservice" / "datasets" / "mnist_head.npz"
CELLS = 20
FEWER = {"epochs": 2, "train_samples": 192, "test_samples": 64}
MEDIA_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "gif": "image/gif",
    "webp": "image/webp",
    "html": "text/html",
    "csv": "text/csv",
    "npy": "application/octet-stream",
    "format=keras": "application/octet-stream",
    "format=safetensors": "application/octet-stream",
    "format=onnx": "application/octet-stream",
    "format=notebook": "application/x-ipynb+json",
    "events": "text/event-stream",
}
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Body:
    """A block of JSON below the table. fetches: the test stack has not the data that it names."""

    name: str
    text: str
    fetches: bool

    @property
    def variable(self) -> str:
        """What stands for the id of the job that it makes."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Request:
    """One request of the table, as it is written there. form has the fields of `-F`."""

    cell: int
    method: str
    path: str
    form: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    served: bool = True

    def __str__(self) -> str:
        return f"{self.cell}: {self.method} {self.path}{f' {self.body}' if self.body else ''}"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    cell: int
    what: str
    requests: tuple[Request, ...]
    better: str


_REQUEST = re.compile(
    r"(?P<not_yet>not yet: )?`(?P<method>GET|POST) (?P<path>/\S+?)(?P<form>(?: -F \w+=\S+?)*)`"
    r"(?: \[(?P<body>[a-z0-9-]+)\]\(#(?P=body)\))?(?P<fetches> \*fetches data\*)?"
)


def read_bodies(page: str) -> dict[str, Body]:
    """The blocks below the table, by name."""
    found = re.findall(r"^<!-- body: (\S+)( \(needs the data\))? -->\n```json\n(.*?)^```$", page, re.M | re.S)
    return {name: Body(name, text, bool(fetches)) for name, fetches, text in found}


def read_rows(page: str) -> list[Row]:
    """The table. A line of it that does not say what it should is an error, so that nothing is left out."""
    rows = []
    for line in page.splitlines():
        if not line.startswith("|") or line.startswith(("| cell |", "|---")):
            continue
        cell, what, asked, better = (part.strip() for part in line.strip("|").split("|"))
        requests = []
        for text in asked.split("<br>"):
            match = _REQUEST.fullmatch(text)
            assert match, f"not a request: {text!r}"
            form = re.findall(r"-F (\w+)=(\S+)", match["form"])
            requests.append(
                Request(
                    int(cell), match["method"], match["path"], tuple(form), match["body"], served=not match["not_yet"]
                )
            )
            assert bool(match["fetches"]) == (match["body"] in BODIES and BODIES[match["body"]].fetches), text
        rows.append(Row(int(cell), what, tuple(requests), better))
    return rows


TEXT = PAGE.read_text("utf-8")
BODIES = read_bodies(TEXT)
ROWS = read_rows(TEXT)
REQUESTS = [request for row in ROWS for request in row.requests]


@dataclass
class Walk:
    """What came back, and the ids of the jobs by their variable."""

    client: httpx.Client
    files: Path
    ids: dict[str, str] = field(default_factory=dict)
    answers: dict[Request, httpx.Response] = field(default_factory=dict)

    def send(self, request: Request) -> None:
        """As a reader would, who waits for a job before looking at its model."""
        for variable in re.findall(r"\$([A-Z0-9_]+)", request.path):
            self.wait(variable)
        self.answers[request] = self._send(request, self.put_ids(request.path))

    def wait(self, variable: str) -> None:
        """Until the job has succeeded."""
        job = wait_for_end(self.client, self.ids[variable])
        assert job["status"] == "succeeded", f"{variable}: {job['error']}"

    def put_ids(self, text: str) -> str:
        """With the ids of jobs where their variables stand."""
        return re.sub(r"\$([A-Z0-9_]+)", lambda match: self.ids[match[1]], text)

    def _send(self, request: Request, path: str) -> httpx.Response:
        if request.method == "GET":
            return self.client.get(path)
        if request.body is None:
            return self._send_form(request, path)
        body = BODIES[request.body]
        if request.path != "/v1/jobs":
            return self.client.post(path, json=json.loads(body.text))
        if body.fetches:
            # What can be held against the service without the data: whether such a network can be trained on them.
            spec = json.loads(body.text)
            question = {"dataset": spec["dataset"], "architecture": spec.get("architecture", "cnn")}
            return self.client.post("/v1/architectures/validate", json=question)
        response = self._train(json.loads(body.text))
        assert response.status_code == 202, response.text
        self.ids[body.variable] = response.json()["id"]
        return response

    def _train(self, spec: dict[str, Any]) -> httpx.Response:
        if "continue_from" in spec:
            variable = spec["continue_from"]["model_id"].removeprefix("$")
            self.wait(variable)
            spec["continue_from"]["model_id"] = self.ids[variable]
            return self.client.post("/v1/jobs", json={**spec, "epochs": FEWER["epochs"]})
        return self.client.post("/v1/jobs", json={**spec, **FEWER})

    def _send_form(self, request: Request, path: str) -> httpx.Response:
        fields = {name: value for name, value in request.form if not value.startswith("@")}
        files = {
            name: (value[1:], (self.files / value[1:]).read_bytes())
            for name, value in request.form
            if value.startswith("@")
        }
        return self.client.post(path, data=fields, files=files)

    def answer(self, cell: int, path: str, body: str | None = None) -> httpx.Response:
        """To the request of a cell that reads so in the table."""
        found = [
            answer
            for request, answer in self.answers.items()
            if (request.cell, request.path, request.body) == (cell, path, body)
        ]
        assert len(found) == 1, f"cell {cell} should ask {path} once, but does so {len(found)} times"
        return found[0]

    def get(self, path: str) -> httpx.Response:
        """Beyond what the page asks for: the numbers behind a picture."""
        response = self.client.get(self.put_ids(path))
        assert response.status_code == 200, response.text
        return response


@pytest.fixture(scope="module")
def walk(client: httpx.Client, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The whole page, from its first request to its last; its large networks train side by side."""
    head, folder = np.load(HEAD), tmp_path_factory.mktemp("mine")
    images = {f"x_{split}": in_colour_and_larger(head[f"x_{split}"][:200]) for split in ("train", "test")}
    np.savez(folder / "my_images.npz", **images, y_train=head["y_train"][:200], y_test=head["y_test"][:200])
    # A photo of a written digit: dark on light, and of another size.
    Image.fromarray(255 - np.kron(head["x_test"][3], np.ones((6, 6), np.uint8))).save(folder / "digit.png")
    walked = Walk(client, folder)
    with second_worker(stack):
        for request in REQUESTS:
            walked.send(request)
        for variable in walked.ids:
            walked.wait(variable)
    yield walked
    assert client.delete("/v1/datasets/my_images").status_code == 204


def in_colour_and_larger(images: Array) -> Array:
    """(n, 28, 28) as (n, 32, 32, 3)."""
    return np.repeat(np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., np.newaxis], 3, axis=3)


def stored(stack: Stack, model_id: str, epoch: int = FEWER["epochs"]) -> dict[str, Array]:
    return {name.removeprefix("model/"): array for name, array in stack.tensors(model_id, epoch).items()}


def npy(response: httpx.Response) -> Array:
    array: Array = np.load(io.BytesIO(response.content), allow_pickle=False)
    return array


def pixels(response: httpx.Response) -> Array:
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))


def levels_of(page: str) -> tuple[dict[str, Any], Array]:
    """What an animation's page is told, and its levels (E, n, H, W), 0 to 255."""
    (text,) = re.findall(r"^const facts = (\{.*\});$", page, re.M)
    facts = json.loads(text)
    shape = (len(facts["epochs"]), facts["count"], facts["height"], facts["width"])
    changes = np.frombuffer(zlib.decompress(b64decode(facts["levels"])), np.uint8).reshape(shape)
    return facts, np.cumsum(changes, axis=0, dtype=np.uint8)


def test_every_cell_has_a_request_and_every_body_is_sent() -> None:
    assert sorted({row.cell for row in ROWS}) == list(range(1, CELLS + 1))
    assert [row.cell for row in ROWS] == sorted(row.cell for row in ROWS)
    served = {row.cell for row in ROWS if any(request.served for request in row.requests)}
    assert len(served) == CELLS
    for row in ROWS:
        assert row.better or not any(request.served for request in row.requests), row
    assert {request.body for request in REQUESTS if request.body} == BODIES.keys()
    assert TEXT.count("\n<!-- body: ") == TEXT.count("\n```json\n") == len(BODIES)
    for name in BODIES:
        assert f"\n### {name}\n" in TEXT


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_every_request_of_the_page_is_answered(walk: Walk, request_: Request) -> None:
    response = walk.answers[request_]
    if not request_.served:
        # Once it is 200, the page has to say so.
        assert response.status_code == 404
        return
    created = {"/v1/jobs": 202, "/v1/images": 201, "/v1/datasets": 201, "/v1/models/$CNN/sanity_checks": 202}
    expected = created.get(request_.path, 200) if request_.method == "POST" else 200
    if request_.body in BODIES and BODIES[request_.body].fetches:
        expected = 200
    assert response.status_code == expected, response.text
    path = request_.path
    kinds = [kind for kind in MEDIA_TYPES if re.search(rf"(\.|/|[?&]){kind}(\?|&|$)", path)]
    (media_type,) = [MEDIA_TYPES[kind] for kind in kinds] or ["application/json"]
    assert response.headers["content-type"].split(";")[0] == media_type
    assert response.content
    if media_type == "image/png":
        assert pixels(response).std() > 0


@pytest.mark.parametrize(
    "path",
    sorted({r.path for r in REQUESTS if re.search(r"/(filters|activations)\.png", r.path) and "Conv3D" not in r.path}),
)
def test_every_sheet_has_the_size_that_its_numbers_say(walk: Walk, path: str) -> None:
    """Captions and volumes, which need more room, are another test's."""
    twin = walk.get(path.replace(".png", ".json")).json()
    rows, cols, scale, gap = (twin["grid"][name] for name in ("rows", "cols", "scale", "gap"))
    height, width = twin["slice_shape"]
    picture = Image.open(io.BytesIO(walk.get(path).content))
    assert picture.size == (cols * (width * scale + gap) - gap, rows * (height * scale + gap) - gap)
    assert rows == -(-len(twin["indices"]) // cols)
    if asked := re.search(r"[?&]cols=(\d+)", path):
        assert cols == int(asked[1])


def test_the_pages_shell_functions_send_its_bodies(client: httpx.Client, stack: Stack) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S)
    lines = "CNN=$(train cnn); echo $CNN; body go-on; post /v1/architectures/validate linear"
    shell = ["bash", "-ec", script.replace("http://localhost:8000", stack.url) + lines]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    job_id, go_on, validated = done.stdout.splitlines()
    assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 202
    assert json.loads(go_on)["continue_from"]["model_id"] == job_id
    assert json.loads(validated)["params"] == 5 * 5 * 32 + 32 + 5 * 5 * 32 * 64 + 64 + 20 * 20 * 64 * 10 + 10
    wait_for_end(client, job_id)


def test_cells_1_and_2_tell_the_data_sets_and_their_labels(walk: Walk) -> None:
    names = [dataset["name"] for dataset in walk.answer(1, "/v1/datasets").json()["items"]]
    assert {"mnist", "fashion_mnist", "cifar10"} <= set(names)
    shapes = [walk.answer(1, f"/v1/datasets/{name}").json()["shape"] for name in ("mnist", "fashion_mnist", "cifar10")]
    assert shapes == [[28, 28, 1], [28, 28, 1], [32, 32, 3]]
    summaries = [walk.answer(1, "/v1/jobs", name).json() for name in ("fashion", "cifar10")]
    assert [summary["layers"][0]["formula"] for summary in summaries] == ["5*5*1*32+32", "5*5*3*32+32"]
    head, first = np.load(HEAD), walk.answer(2, "/v1/datasets/mnist/train/0.json").json()
    assert (first["label"], first["shape"]) == (head["y_train"][0], [28, 28, 1])
    np.testing.assert_array_equal(first["pixels"], head["x_train"][0][..., np.newaxis])


def test_cell_3_shows_the_first_36_images_or_as_many_at_random(walk: Walk) -> None:
    picture = pixels(walk.answer(3, "/v1/datasets/mnist/train/images.png?rows=6&cols=6"))
    scale, gap = 3, 7
    assert picture.shape == (6 * 28 * scale + 5 * gap, 6 * 28 * scale + 5 * gap, 3)
    for index, image in enumerate(np.load(HEAD)["x_train"][:36]):
        top, left = (place * (28 * scale + gap) for place in divmod(index, 6))
        tile = picture[top : top + 28 * scale, left : left + 28 * scale, 0]
        np.testing.assert_array_equal(tile, np.kron(image, np.ones((scale, scale), np.uint8)), err_msg=str(index))
    path = "/v1/datasets/mnist/train/images.png?rows=6&cols=6&seed=1&labels=true"
    drawn = walk.answer(3, path).content
    assert drawn == walk.get(path).content
    assert drawn != walk.get(path.replace("seed=1", "seed=2")).content


def test_cell_4_takes_the_notebooks_images_and_rescales_as_it_does(walk: Walk) -> None:
    said = json.loads(BODIES["cnn"].text)
    assert JobSpec.model_validate(said) == JobSpec(dataset="mnist")
    assert (said["train_samples"], said["test_samples"], said["epochs"], said["batch_size"]) == (6000, 1000, 30, 64)
    assert walk.answer(4, "/v1/models/$CNN").json()["normalization"]["name"] == "minus_one_one"
    standard = walk.get("/v1/models/$STANDARDISED").json()["normalization"]
    trained_on = np.load(HEAD)["x_train"][: FEWER["train_samples"]].astype(np.float64)
    assert standard["name"] == "standard"
    assert (standard["mean"], standard["std"]) == (
        pytest.approx([trained_on.mean()], rel=1e-6),
        pytest.approx([trained_on.std()], rel=1e-6),
    )


def test_cell_5_builds_the_notebooks_network(walk: Walk, stack: Stack) -> None:
    presets = {preset["name"]: preset for preset in walk.answer(5, "/v1/architectures").json()["items"]}
    spelled = walk.answer(5, "/v1/architectures/validate", "cnn-layers").json()
    assert presets["cnn"]["params"] == spelled["params"] == 155_606
    assert [warning["code"] for warning in spelled["warnings"]] == ["sigmoid-output"]
    model = walk.answer(4, "/v1/models/$CNN").json()
    assert spelled["layers"] == model["layers"]
    first = stored(stack, walk.ids["CNN"], epoch=0)
    kernels = [array for name, array in first.items() if name.endswith("/kernel")]
    # Keras' random_uniform lies between -0.05 and 0.05.
    assert len(kernels) == 4
    for kernel in kernels:
        assert -0.05 <= kernel.min() < -0.045 < 0.045 < kernel.max() <= 0.05


@pytest.mark.parametrize(
    ("body", "code"),
    [("all-zero", "weights-all-zero"), ("all-equal", "weights-all-equal"), ("linear", "no-nonlinearity")],
)
def test_cell_5s_mistakes_are_warned_of(walk: Walk, body: str, code: str) -> None:
    (warning,) = walk.answer(5, "/v1/architectures/validate", body).json()["warnings"]
    assert warning["code"] == code


def test_cell_5s_exercises_train_what_they_say(walk: Walk, stack: Stack) -> None:
    def layers(variable: str) -> dict[str, Any]:
        return {layer["name"]: layer for layer in walk.get(f"/v1/models/${variable}/layers").json()["layers"]}

    assert layers("DROPOUT")["Dropout2"]["type"] == "dropout"
    cnn, two = layers("CNN"), layers("TWO_FILTERS")
    assert (cnn["Conv2"]["output_shape"], two["Conv2"]["output_shape"]) == ([8, 8, 64], [8, 8, 2])
    # The same seed gives the same first weights, and all that differs is what each weight's size costs.
    began = [stored(stack, walk.ids[name], epoch=0)["Conv2/0/kernel"] for name in ("L1", "L2")]
    ended = [stored(stack, walk.ids[name])["Conv2/0/kernel"] for name in ("L1", "L2")]
    np.testing.assert_array_equal(*began)
    assert all(np.abs(after).sum() < np.abs(before).sum() for before, after in zip(began, ended, strict=True))
    differing = {row["field"] for row in walk.answer(5, "/v1/compare?models=$CNN,$MOMENTUM").json()["differences"]}
    assert {"/compile/optimizer/momentum", "/compile/optimizer/nesterov"} <= differing
    assert any(field.startswith("/compile/optimizer/learning_rate") for field in differing)
    first = stored(stack, walk.ids["INITIALISERS"], epoch=0)
    flat = first["Conv2/0/kernel"].reshape(-1, 64).astype(np.float64)
    np.testing.assert_allclose(flat.T @ flat, np.eye(64), atol=1e-5)
    assert first["Conv1/0/kernel"].std() == pytest.approx(np.sqrt(2 / 25), rel=0.1)
    volume = layers("VOLUME")
    assert [volume[name]["output_shape"] for name in ("Volume", "Conv3D", "MaxPool3D")] == [
        [12, 12, 8, 1],
        [10, 10, 6, 4],
        [5, 5, 3, 4],
    ]
    assert stored(stack, walk.ids["VOLUME"])["Conv3D/0/kernel"].shape == (3, 3, 3, 1, 4)


def test_cell_6s_summary_has_the_arithmetic(walk: Walk, stack: Stack) -> None:
    for variable, formula in (("CNN", "5*5*32*64+64"), ("TWO_FILTERS", "5*5*32*2+2")):
        summary = walk.answer(6, f"/v1/models/${variable}").json()
        layers = {layer["name"]: layer for layer in summary["layers"]}
        assert layers["Conv2"]["formula"] == formula
        counted: dict[str, int] = {}
        for name, array in stored(stack, walk.ids[variable]).items():
            layer = name.split("/")[0]
            counted[layer] = counted.get(layer, 0) + array.size
        for name, layer in layers.items():
            sums = [np.prod([int(factor) for factor in part.split("*")]) for part in layer["formula"].split("+")]
            assert layer["params"] == sum(sums) == counted.get(name, 0), name
        assert summary["params"] == sum(layer["params"] for layer in layers.values())


def test_cell_7_has_the_weights_of_every_epoch(walk: Walk, stack: Stack) -> None:
    epochs = walk.answer(6, "/v1/models/$CNN").json()["epochs_available"]
    assert epochs == list(range(FEWER["epochs"] + 1))
    kept = stored(stack, walk.ids["CNN"], epoch=1)
    exported = load(walk.answer(7, "/v1/models/$CNN/export?format=safetensors&epoch=1").content)
    assert len(exported) == 8
    for name, array in exported.items():
        layer, variable = name.split("/")
        (number,) = (key.split("/")[1] for key in kept if key.startswith(f"{layer}/") and key.endswith(f"/{variable}"))
        np.testing.assert_array_equal(array, kept[f"{layer}/{number}/{variable}"], err_msg=name)
    slices = npy(walk.answer(7, "/v1/models/$CNN/layers/Conv2/filters.npy?channel=all&epoch=1"))
    np.testing.assert_array_equal(slices, kept["Conv2/0/kernel"].reshape(5, 5, -1).transpose(2, 0, 1))


def test_cell_8_trains_and_goes_on(walk: Walk) -> None:
    job = walk.answer(8, "/v1/jobs/$CNN").json()
    assert (job["status"], job["epochs_done"]) == ("succeeded", FEWER["epochs"])
    events = walk.answer(8, "/v1/jobs/$CNN/events").text
    assert (events.count("event: epoch"), events.count("event: end")) == (FEWER["epochs"], 1)
    evaluation = walk.answer(8, "/v1/models/$CNN/evaluation.json").json()
    assert evaluation["accuracy"] == pytest.approx(job["latest"]["val_categorical_accuracy"])
    assert np.sum(evaluation["confusion"]) == evaluation["samples"] == FEWER["test_samples"]
    went_on = walk.answer(8, "/v1/models/$GO_ON/history.json").json()
    before = walk.answer(9, "/v1/models/$CNN/history.json").json()
    assert went_on["epoch"] == list(range(1, 2 * FEWER["epochs"] + 1))
    for name, values in before["history"].items():
        assert went_on["history"][name][: FEWER["epochs"]] == values


def test_cell_9s_curves_have_a_point_an_epoch(walk: Walk) -> None:
    told = walk.answer(9, "/v1/models/$CNN/history.json").json()
    rows = list(csv.DictReader(io.StringIO(walk.answer(9, "/v1/models/$CNN/history.csv").text)))
    names = ["loss", "categorical_accuracy", "val_loss", "val_categorical_accuracy"]
    assert sorted(told["history"]) == sorted(names)
    assert told["epoch"] == [int(row["epoch"]) for row in rows] == list(range(1, FEWER["epochs"] + 1))
    for name in names:
        assert told["history"][name] == pytest.approx([float(row[name]) for row in rows])
    svg = walk.answer(9, "/v1/models/$CNN/history.svg").text
    assert all(f"{part} {what}" in svg for part in ("training", "validation") for what in ("loss", "accuracy"))


def test_cell_10_lists_the_weight_arrays_with_their_shapes(walk: Walk) -> None:
    layers = walk.answer(10, "/v1/models/$CNN/layers").json()["layers"]
    shapes = {f"{layer['name']} {weight['name']}": weight["shape"] for layer in layers for weight in layer["weights"]}
    assert shapes == {
        "Conv1 kernel": [5, 5, 1, 32],
        "Conv1 bias": [32],
        "Conv2 kernel": [5, 5, 32, 64],
        "Conv2 bias": [64],
        "FC1 kernel": [1024, 100],
        "FC1 bias": [100],
        "FC2 kernel": [100, 10],
        "FC2 bias": [10],
    }


def test_cell_11_draws_conv1_4_by_8(walk: Walk, stack: Stack) -> None:
    path = "/v1/models/$CNN/layers/Conv1/filters.json?channel=0&cols=8"
    grid = walk.answer(11, path).json()["grid"]
    assert (grid["rows"], grid["cols"]) == (4, 8)
    kernels = [stored(stack, walk.ids["CNN"], epoch)["Conv1/0/kernel"][:, :, 0] for epoch in (0, FEWER["epochs"])]
    np.testing.assert_array_equal(npy(walk.get(path.replace(".json", ".npy"))), kernels[1].transpose(2, 0, 1))
    change = npy(walk.get("/v1/models/$CNN/layers/Conv1/filters.npy?minus=0"))
    np.testing.assert_array_equal(change, (kernels[1] - kernels[0]).transpose(2, 0, 1))
    assert change.any()
    plain, signs = (
        pixels(walk.answer(11, f"/v1/models/$CNN/layers/Conv1/filters.png?{query}"))
        for query in ("channel=0&cols=8", "cmap=RdBu_r&normalize=symmetric")
    )
    assert (plain[..., 0] == plain[..., 2]).all()
    # RdBu_r is red above zero and blue below.
    scale, pitch = grid["scale"], 5 * grid["scale"] + grid["gap"]
    for row, col, cell in ((0, 0, (2, 3)), (3, 7, (4, 0))):
        red, _, blue = signs[row * pitch + cell[0] * scale, col * pitch + cell[1] * scale].astype(int)
        assert (red > blue) == (kernels[1][*cell, row * 8 + col] > 0)


def test_cell_12_animates_conv1_from_before_training_on_at_200_ms(walk: Walk) -> None:
    path = "/v1/models/$CNN/layers/Conv1/animation.{}?channel=0&cols=8"
    facts, levels = levels_of(walk.answer(12, path.format("html")).text)
    epochs = list(range(FEWER["epochs"] + 1))
    assert (facts["epochs"], facts["interval"], facts["cols"], facts["count"]) == (epochs, 200, 8, 32)
    for epoch in epochs:
        still = pixels(walk.get(f"/v1/models/$CNN/layers/Conv1/filters.png?channel=0&cols=8&epoch={epoch}"))[..., 0]
        for number in range(32):
            top, left = number // 8 * facts["down"], number % 8 * facts["across"]
            side, scale = 5 * facts["scale"], facts["scale"]
            tile = still[top : top + side : scale, left : left + side : scale]
            np.testing.assert_array_equal(levels[epoch, number], tile, err_msg=f"epoch {epoch}, filter {number}")
    for kind in ("gif", "webp"):
        film = Image.open(io.BytesIO(walk.answer(12, path.format(kind)).content))
        film.load()
        assert (film.n_frames, film.info["duration"]) == (len(epochs), 200)


def test_cell_13_draws_64_random_slices_of_conv2_8_by_8(walk: Walk, stack: Stack) -> None:
    path = "/v1/models/$CNN/layers/Conv2/filters.png?channel=all&sample=64&seed=7&cols=8"
    twin = walk.answer(13, path.replace(".png", ".json")).json()
    assert (twin["grid"]["rows"], twin["grid"]["cols"]) == (8, 8)
    assert len(set(twin["indices"])) == 64
    flat = stored(stack, walk.ids["CNN"])["Conv2/0/kernel"].reshape(5, 5, 32 * 64)
    drawn = npy(walk.get(path.replace(".png", ".npy")))
    np.testing.assert_array_equal(drawn, flat[:, :, twin["indices"]].transpose(2, 0, 1))
    assert walk.get(path).content == walk.answer(13, path).content
    other = walk.get(path.replace(".png", ".json").replace("seed=7", "seed=8")).json()
    assert other["indices"] != twin["indices"]
    for variable in ("L1", "L2"):
        again = path.replace("$CNN", f"${variable}")
        assert walk.get(again.replace(".png", ".json")).json()["indices"] == twin["indices"]
        # Not their pictures: L2 makes every weight smaller by the same share, which a slice's own range hides.
        assert (npy(walk.get(again.replace(".png", ".npy"))) != drawn).any()


def test_cell_14_animates_the_first_64_slices_of_conv2(walk: Walk, stack: Stack) -> None:
    for variable in ("TWO_FILTERS", "CNN"):
        page = walk.answer(14, f"/v1/models/${variable}/layers/Conv2/animation.html?channel=all&count=64&cols=8").text
        facts, levels = levels_of(page)
        assert facts["indices"] == list(range(64))
        assert facts["epochs"] == list(range(FEWER["epochs"] + 1))
        assert levels.shape == (FEWER["epochs"] + 1, 64, 5, 5)
        kernel = stored(stack, walk.ids[variable])["Conv2/0/kernel"].reshape(25, -1)[:, :64]
        last = levels[-1].reshape(64, 25).T
        slices = np.arange(64)
        assert (last[kernel.argmax(axis=0), slices] == 255).all()
        assert (last[kernel.argmin(axis=0), slices] == 0).all()
    # With 2 filters there are exactly as many.
    assert stored(stack, walk.ids["TWO_FILTERS"])["Conv2/0/kernel"][0, 0].size == 64


def test_cell_15_answers_for_any_layer_and_image(walk: Walk) -> None:
    head, conv1 = np.load(HEAD), "/v1/models/$CNN/layers/Conv1/activations"
    assert walk.answer(15, f"{conv1}.json?image=mnist:test:0").json()["shape"] == [24, 24, 32]
    maps = npy(walk.answer(15, f"{conv1}.npy?image=mnist:test:1"))
    assert (maps.shape, maps.dtype) == ((32, 24, 24), np.float32)
    assert maps.any()
    assert (maps >= 0).all()
    shown = pixels(walk.answer(15, "/v1/datasets/mnist/test/0.png?scale=10"))
    np.testing.assert_array_equal(shown[..., 0], np.kron(head["x_test"][0], np.ones((10, 10), np.uint8)))
    prediction = walk.answer(15, "/v1/models/$CNN/predictions.json?image=mnist:test:0").json()
    assert (len(prediction["probabilities"]), prediction["label"]) == (10, head["y_test"][0])
    content = (walk.files / "digit.png").read_bytes()
    kept = walk.answer(15, "/v1/images").json()
    assert kept["reference"] == f"upload:{hashlib.sha256(content).hexdigest()}"
    assert walk.answer(15, "/v1/models/$CNN/activations?layer=Conv2").json()["shape"] == [8, 8, 64]
    # The photo is the data set's own image, enlarged and dark on light.
    mine = walk.answer(15, "/v1/models/$CNN/predictions").json()["logits"]
    theirs = walk.get("/v1/models/$CNN/predictions.json?image=mnist:test:3").json()["logits"]
    assert mine == pytest.approx(theirs, abs=1e-3)


def test_cell_16_draws_the_32_maps_4_by_8(walk: Walk) -> None:
    path = "/v1/models/$CNN/layers/{}/activations.json?image=mnist:test:0&cols=8"
    for layer, rows, count in (("Conv1", 4, 32), ("Conv2", 8, 64)):
        twin = walk.get(path.format(layer)).json()
        assert (twin["grid"]["rows"], twin["grid"]["cols"], len(twin["slices"])) == (rows, 8, count)


def test_cell_17_compares_the_cnn_with_an_mlp(walk: Walk) -> None:
    job = walk.answer(17, "/v1/jobs", "mlp").json()
    assert json.loads(BODIES["mlp"].text)["epochs"] == 10
    assert job["spec"]["compile"]["optimizer"]["name"] == "adam"
    summary = walk.answer(17, "/v1/models/$MLP").json()
    assert summary["params"] == 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    told = walk.answer(17, "/v1/compare?models=$CNN,$MLP").json()
    rows = {row["id"]: row for row in told["models"]}
    assert list(rows) == [walk.ids["CNN"], walk.ids["MLP"]]
    for variable in ("CNN", "MLP"):
        job = walk.get(f"/v1/jobs/${variable}").json()
        assert rows[walk.ids[variable]]["latest"] == job["latest"]
    assert {"/architecture", "/compile/optimizer/name"} <= {row["field"] for row in told["differences"]}


@pytest.mark.parametrize(("cell", "layer", "tile", "grid"), [(18, "FC1", 28, [8, 8]), (19, "FC2", 8, [4, 8])])
def test_cells_18_and_19_draw_dense_kernels_as_images(
    walk: Walk, stack: Stack, cell: int, layer: str, tile: int, grid: list[int]
) -> None:
    path = f"/v1/models/$MLP/layers/{layer}/filters"
    kernel = stored(stack, walk.ids["MLP"])[f"{layer}/0/kernel"]
    images = npy(walk.answer(cell, f"{path}.npy"))
    assert images.shape == (grid[0] * grid[1], tile, tile)
    np.testing.assert_array_equal(images, kernel.T.reshape(-1, tile, tile))
    twin = walk.get(f"{path}.json?cols=8").json()["grid"]
    assert [twin["rows"], twin["cols"]] == grid


def test_cell_20_trains_on_ones_own_images_from_scratch_or_not(walk: Walk) -> None:
    brought = walk.answer(20, "/v1/datasets").json()
    assert (brought["shape"], brought["splits"]) == ([32, 32, 3], {"train": 200, "test": 200})
    for preset in ("mobilenet", "resnet"):
        summary = walk.answer(20, "/v1/jobs", preset).json()
        trained = [layer["name"] for layer in summary["layers"] if layer["trainable"]]
        assert trained == ["predictions"]
    model = walk.get("/v1/models/$FROM_SCRATCH").json()
    # All but the moving averages of its normalisations.
    assert 0.9 * model["params"] < model["trainable_params"] < model["params"]
    before, after = (
        npy(walk.get(f"/v1/models/$FROM_SCRATCH/layers/Conv1/filters.npy?epoch={epoch}")) for epoch in (0, 1)
    )
    assert (before != after).any()


def test_cell_20s_exports_are_what_they_are_called(walk: Walk, stack: Stack) -> None:
    exports = {
        name: walk.answer(20, f"/v1/models/$CNN/export?format={name}").content
        for name in ("keras", "safetensors", "onnx", "notebook")
    }
    with zipfile.ZipFile(io.BytesIO(exports["keras"])) as archive:
        assert {"config.json", "model.weights.h5"} <= set(archive.namelist())
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    assert [layer["config"]["name"] for layer in layers][-7:] == [
        "Conv1", "MaxPool1", "Conv2", "MaxPool2", "Flatten", "FC1", "FC2",
    ]  # fmt: skip
    kernel = stored(stack, walk.ids["CNN"])["Conv1/0/kernel"]
    np.testing.assert_array_equal(load(exports["safetensors"])["Conv1/kernel"], kernel)
    # In ONNX a kernel is (filters, C_in, H, W).
    assert kernel.transpose(3, 2, 0, 1).tobytes() in exports["onnx"]
    document = json.loads(exports["notebook"])
    assert (document["nbformat"], {cell["cell_type"] for cell in document["cells"]}) == (4, {"code", "markdown"})
