"""Where everything begins: one service, and what there is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Unpack
from urllib.parse import quote

from cnnservice.client.comparisons import Comparison
from cnnservice.client.datasets import Dataset
from cnnservice.client.images import ImageLike, reference_of
from cnnservice.client.jobs import Job
from cnnservice.client.models import Model
from cnnservice.client.parameters import Epoch, Status, Training, encoded
from cnnservice.client.summaries import Summary, summary_of
from cnnservice.client.sweeps import Sweep
from cnnservice.client.transport import Transport, answers

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """A service at an address. key is what `Authorization: Bearer` takes, where keys are configured.

    Every method raises ProblemError when the service refuses, NoAnswer when none answers; making one raises BadAddress.
    """

    def __init__(self, url: str = DEFAULT_URL, key: str | None = None) -> None:
        self._transport = Transport(url, key)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def ready(self) -> bool:
        """Whether every part of the service answers, workers included."""
        return answers(self._transport)

    def datasets(self) -> list[Dataset]:
        """Every data set that a job can train on."""
        return [Dataset(self._transport, each) for each in self._transport.get_json("/v1/datasets")["items"]]

    def dataset(self, name: str) -> Dataset:
        """One data set."""
        return Dataset(self._transport, self._transport.get_json(f"/v1/datasets/{quote(name, safe='')}"))

    def upload_dataset(
        self, name: str, path: str | os.PathLike[str], *, height: int | None = None, width: int | None = None
    ) -> Dataset:
        """A data set of one's own: an `.npz` of x_train, y_train, x_test, y_test, or a `.zip` of train/<class>/*.png.

        height, width: what the pictures of a `.zip` are fitted to.
        """
        file, fields = Path(path), encoded({"name": name, "height": height, "width": width})
        return Dataset(self._transport, self._transport.send_file("/v1/datasets", file.name, file.read_bytes(), fields))

    def upload(self, image: ImageLike) -> str:
        """Send an image; returns its reference, the same for the same content. Raises BadImage."""
        return reference_of(self._transport, image)

    def architectures(self) -> dict[str, dict[str, Any]]:
        """The presets by name: what each is, and its layers."""
        return {each["name"]: each for each in self._transport.get_json("/v1/architectures")["items"]}

    def validate(
        self, architecture: str | Mapping[str, Any], *, dataset: str, compile: Mapping[str, Any] | None = None
    ) -> Summary:
        """Shapes, parameters and warnings of a preset or of `{"layers": [...]}`, without training it."""
        question = {"dataset": dataset, "architecture": architecture, "compile": compile}
        return summary_of(self._transport.post("/v1/architectures/validate", _given(question)))

    def train(self, dataset: str, *, continue_from: Model | None = None, **training: Unpack[Training]) -> Job:
        """Queue a job. continue_from: a model at an epoch, whose settings hold where no others are said."""
        parent = None if continue_from is None else {"model_id": continue_from.id, "epoch": continue_from.epoch}
        spec = {"dataset": dataset, "continue_from": parent, **training}
        return self.post_job(_given(spec))

    def post_job(self, spec: Mapping[str, Any]) -> Job:
        """Queue a job by its JSON, as it stands."""
        return Job(self._transport, self._transport.post("/v1/jobs", spec))

    def job(self, id: str) -> Job:
        """One job."""
        return Job(self._transport, self._transport.get_json(f"/v1/jobs/{quote(id, safe='')}"))

    def jobs(
        self, *, status: Status | None = None, dataset: str | None = None, tag: str | None = None
    ) -> Iterator[Job]:
        """Jobs, the newest first, page after page."""
        asked, cursor = {"status": status, "dataset": dataset, "tag": tag}, None
        while True:
            page = self._transport.get_json("/v1/jobs", encoded({**asked, "cursor": cursor}))
            yield from (Job(self._transport, each) for each in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def post_sweep(self, spec: Mapping[str, Any]) -> Sweep:
        """Queue a sweep by its JSON, as it stands."""
        return Sweep(self._transport, self._transport.post("/v1/sweeps", spec))

    def sweep(self, id: str) -> Sweep:
        """One sweep."""
        return Sweep(self._transport, self._transport.get_json(f"/v1/sweeps/{quote(id, safe='')}"))

    def sweeps(self) -> Iterator[Sweep]:
        """Sweeps, the newest first; each is asked for as it is come to."""
        cursor = None
        while True:
            page = self._transport.get_json("/v1/sweeps", encoded({"cursor": cursor}))
            yield from (self.sweep(each["id"]) for each in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def model(self, id: str, epoch: Epoch = "last") -> Model:
        """One model; it is not asked for before something of it is."""
        return Model(self._transport, id, epoch)

    def compare(self, models: Sequence[Model | Job | str]) -> Comparison:
        """Models side by side, or those of jobs."""
        return Comparison(self._transport, [each if isinstance(each, str) else each.id for each in models])

    def attribution_methods(self) -> dict[str, dict[str, Any]]:
        """The ways to see why, by name: source, parameters, and when to trust each."""
        return {each["name"]: each for each in self._transport.get_json("/v1/attributions")["items"]}

    def __repr__(self) -> str:
        return f"<Client of {self._transport.address}>"


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
