"""Models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnnservice.client.pictures import Picture
from cnnservice.client.transport import Transport


class Comparison:
    """What sets models apart, and what came of it, as it stood when it was asked for."""

    def __init__(self, transport: Transport, ids: Sequence[str]) -> None:
        self._transport, self._parameters = transport, {"models": ",".join(ids)}
        self.json: dict[str, Any] = transport.get_json("/v1/compare", self._parameters)

    @property
    def models(self) -> list[dict[str, Any]]:
        """A row a model: parameters, the last epoch and the best, seconds, history."""
        return list(self.json["models"])

    @property
    def differences(self) -> dict[str, dict[str, Any]]:
        """The settings in which they differ, by JSON pointer into their specs: of each model its own."""
        return {each["field"]: each["values"] for each in self.json["differences"]}

    def history_picture(self) -> Picture:
        """Their curves: training solid, validation dashed."""
        return Picture(self._transport, "/v1/compare/history", self._parameters, ("png", "svg"))

    def _repr_png_(self) -> bytes:
        return self.history_picture().content("png")

    def __repr__(self) -> str:
        return (
            f"<Comparison of {self._parameters['models']}; they differ in {', '.join(self.differences) or 'nothing'}>"
        )
