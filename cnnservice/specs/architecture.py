"""An architecture: a list of layers, its shapes and parameter counts computed without TensorFlow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Annotated

from pydantic import Field, model_validator

from cnnservice.specs.base import Spec
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.layers.base import Shape, ShapeMismatch
from cnnservice.specs.layers.union import AnyLayer


class Architecture(Spec):
    """Layers from input to output. A layer without a name gets its type, numbered from the second on, as in Keras."""

    layers: Annotated[tuple[AnyLayer, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Architecture:
        twice = [name for name, n in Counter(layer.name for layer in self.layers if layer.name).items() if n > 1]
        if twice:
            raise ValueError(f"layer names must be unique; used more than once: {', '.join(twice)}")
        return self

    def names(self) -> tuple[str, ...]:
        """Every layer's name, in order."""
        taken = {layer.name for layer in self.layers if layer.name}
        names = []
        for layer in self.layers:
            name, number = layer.name or layer.type, 0
            while layer.name is None and name in taken:
                number += 1
                name = f"{layer.type}_{number}"
            taken.add(name)
            names.append(name)
        return tuple(names)


@dataclass(frozen=True)
class LayerSummary:
    """What one layer makes and learns. output_shape is without the batch dimension."""

    name: str
    type: str
    output_shape: Shape
    params: int
    trainable: bool
    formula: str


@dataclass(frozen=True)
class Summary:
    """What a network makes and learns on images of input_shape (H, W, C)."""

    input_shape: Shape
    layers: tuple[LayerSummary, ...]
    output_shape: Shape
    params: int

    @property
    def largest_output(self) -> int:
        """How many numbers the largest output of one layer has, for one image."""
        return max(prod(layer.output_shape) for layer in self.layers)


def summarize(architecture: Architecture, input_shape: Shape) -> Summary:
    """Follow an image of input_shape (H, W, C) through the layers. Raises ImpossibleArchitecture."""
    shape, summaries = input_shape, []
    for index, (name, layer) in enumerate(zip(architecture.names(), architecture.layers, strict=True)):
        try:
            output_shape = layer.output_shape(shape)
        except ShapeMismatch as mismatch:
            raise ImpossibleArchitecture(
                f"/architecture/layers/{index}", f"Layer {name!r} ({layer.type}): {mismatch}."
            ) from None
        parameters = layer.parameters(shape)
        summaries.append(
            LayerSummary(name, layer.type, output_shape, parameters.count, parameters.count > 0, parameters.formula)
        )
        shape = output_shape
    return Summary(input_shape, tuple(summaries), shape, sum(layer.params for layer in summaries))
