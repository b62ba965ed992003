"""A data set and its images."""

from __future__ import annotations

from typing import Any, Unpack
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from cnnservice.client.parameters import SampleDrawing, Split, encoded
from cnnservice.client.pictures import Picture
from cnnservice.client.transport import Transport


class Sample(Picture):
    """One image of a data set, which may stand wherever an image is asked for."""

    def __init__(self, transport: Transport, dataset: str, split: Split, index: int, scale: int | None) -> None:
        path = f"{_path(dataset)}/{split}/{index}"
        super().__init__(transport, path, {}, ("png", "json"), encoded({"scale": scale}))
        self.reference = f"{dataset}:{split}:{index}"

    @property
    def label(self) -> int:
        """The index of its class."""
        return int(self.json["label"])

    @property
    def class_name(self) -> str:
        """The name of its class."""
        return str(self.json["class_name"])

    @property
    def array(self) -> NDArray[Any]:
        """Its pixels, (H, W, C) uint8."""
        return np.array(self.json["pixels"], np.uint8)


class Dataset:
    """A data set as it stood when it was asked for."""

    def __init__(self, transport: Transport, document: dict[str, Any]) -> None:
        self._transport, self.json = transport, document

    @property
    def name(self) -> str:
        """What a job and a reference call it."""
        return str(self.json["name"])

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image: height, width, channels."""
        return tuple(self.json["shape"])

    @property
    def classes(self) -> list[str]:
        """Their names, by index."""
        return list(self.json["classes"])

    def images(self, *, split: Split = "train", **drawing: Unpack[SampleDrawing]) -> Picture:
        """A sheet of its images."""
        return Picture(self._transport, f"{_path(self.name)}/{split}/images", encoded(drawing), ("png",))

    def image(self, index: int, *, split: Split = "train", scale: int | None = None) -> Sample:
        """One of its images. scale: pixels a pixel of the picture."""
        return Sample(self._transport, self.name, split, index, scale)

    def delete(self) -> None:
        """Delete an uploaded one. Raises ProblemError for one that is built in, or that a live job reads."""
        self._transport.delete(_path(self.name))

    def __repr__(self) -> str:
        height, width, channels = self.shape
        sizes = ", ".join(f"{count:,} {split}" for split, count in self.json["splits"].items())
        return f"<Dataset {self.name}: {height}x{width}x{channels}, {len(self.classes)} classes, {sizes}>"


def _path(name: str) -> str:
    return f"/v1/datasets/{quote(name, safe='')}"
