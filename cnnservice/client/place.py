"""Where a model, or a layer of it, is, and at which epoch it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cnnservice.client.parameters import Epoch, encoded
from cnnservice.client.pictures import Page, Picture
from cnnservice.client.transport import Transport

NUMBERED = ("png", "json", "npy")
PLOTTED = ("png", "svg", "json")
FILMED = ("html", "gif", "webp")


@dataclass(frozen=True)
class Place:
    """A path, and the epoch that is meant where none is said."""

    transport: Transport
    path: str
    epoch: Epoch

    def below(self, *names: str) -> Place:
        """What is below it."""
        return Place(self.transport, "/".join([self.path, *(quote(name, safe="") for name in names)]), self.epoch)

    def json(self, epoch: Epoch | None = None, parameters: Mapping[str, object] | None = None) -> Any:
        """The JSON there."""
        return self.transport.get_json(self.path, self._said(epoch, parameters or {}))

    def picture(
        self,
        forms: tuple[str, ...],
        epoch: Epoch | None,
        parameters: Mapping[str, object],
        png_alone: Mapping[str, object] | None = None,
    ) -> Picture:
        """The picture there, yet to be fetched."""
        said = self._said(epoch, parameters)
        return Picture(self.transport, self.path, said, forms, encoded(png_alone or {}))

    def page(self, epoch: Epoch | None, parameters: Mapping[str, object]) -> Page:
        """The page there, yet to be fetched."""
        return Page(self.transport, self.path, self._said(epoch, parameters), FILMED)

    def _said(self, epoch: Epoch | None, parameters: Mapping[str, object]) -> dict[str, str]:
        return encoded({"epoch": self.epoch if epoch is None else epoch, **parameters})
