"""A network, layer by layer, as Keras prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COLUMNS = ("layer", "type", "output", "params", "formula")


@dataclass(frozen=True)
class LayerSummary:
    """One layer. output_shape is without the batch; formula says how params comes about."""

    name: str
    type: str
    output_shape: tuple[int, ...]
    params: int
    trainable: bool
    inputs: tuple[str, ...]
    formula: str


@dataclass(frozen=True)
class Advice:
    """What is allowed, but will probably not do what was meant. pointer is a JSON pointer to it."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, repr=False)
class Summary:
    """A network: print it, or read its parts."""

    input_shape: tuple[int, ...]
    params: int
    trainable_params: int
    layers: tuple[LayerSummary, ...]
    warnings: tuple[Advice, ...]

    def __repr__(self) -> str:
        rows = [
            (layer.name, layer.type, str(layer.output_shape), f"{layer.params:,}", layer.formula)
            for layer in self.layers
        ]
        widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (_COLUMNS, *rows)]
        lines.append(f"{self.params:,} parameters, {self.trainable_params:,} of them learn")
        return "\n".join([*lines, *(f"{advice.pointer}: {advice.detail}" for advice in self.warnings)])


def summary_of(document: Mapping[str, Any]) -> Summary:
    """The summary that the service tells."""
    layers = tuple(
        LayerSummary(
            layer["name"],
            layer["type"],
            tuple(layer["output_shape"]),
            layer["params"],
            layer["trainable"],
            tuple(layer["inputs"]),
            layer["formula"],
        )
        for layer in document["layers"]
    )
    advice = tuple(Advice(each["pointer"], each["code"], each["detail"]) for each in document["warnings"])
    return Summary(tuple(document["input_shape"]), document["params"], document["trainable_params"], layers, advice)
