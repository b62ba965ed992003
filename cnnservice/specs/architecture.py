"""An architecture: layers and how they are joined, its shapes and parameter counts computed without TensorFlow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from cnnservice.specs.applications.union import AnyApplication
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.layers.base import INPUT, LayerSpec, Shape, ShapeMismatch
from cnnservice.specs.layers.union import AnyLayer

BASE_POINTER = "/architecture/base"


def _at_least_one(layers: tuple[AnyLayer, ...]) -> tuple[AnyLayer, ...]:
    # Not min_length, which would complain as well wherever a layer itself is wrong.
    if not layers:
        raise ValueError("an architecture has at least one layer")
    return layers


class Architecture(Spec):
    """Layers from input to output, each reading the one before it unless its `inputs` names others.

    A layer without a name gets its type, numbered from the second on, as in Keras. With a base, the layers follow a
    ready-made network.
    """

    base: Annotated[AnyApplication | None, Field(description="a network of keras.applications under the layers")] = None
    layers: Annotated[tuple[AnyLayer, ...], AfterValidator(_at_least_one), Field(json_schema_extra={"minItems": 1})]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Architecture:
        given = [layer.name for layer in self.layers if layer.name]
        twice = [name for name, n in Counter(given).items() if n > 1]
        if twice:
            raise ValueError(f"layer names must be unique; used more than once: {', '.join(twice)}")
        if INPUT in given:
            raise ValueError(f"no layer may be named {INPUT!r}: that is what inputs calls the images")
        return self


# Layers after which every pixel is still there, in the same order.
_KEEPS_PIXELS = frozenset(
    {
        "flatten", "reshape", "dropout", "spatial_dropout2d", "random_flip", "random_translation", "random_rotation",
        "random_zoom", "random_contrast",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """A layer in its place: its name, its spec, and the names of what it reads. pointer is where a client said it."""

    name: str
    layer: LayerSpec
    inputs: tuple[str, ...]
    pointer: str


@dataclass(frozen=True)
class LayerSummary:
    """What one layer makes and learns. output_shape is without the batch dimension.

    params counts every number it holds, trainable_params those that training changes.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    output_shape: Shape
    params: int
    trainable_params: int
    formula: str

    @property
    def trainable(self) -> bool:
        """Whether it learns anything."""
        return self.trainable_params > 0


@dataclass(frozen=True)
class Summary:
    """What a network makes and learns on images of input_shape (H, W, C)."""

    input_shape: Shape
    layers: tuple[LayerSummary, ...]
    output_shape: Shape

    @property
    def params(self) -> int:
        """Of all layers."""
        return sum(layer.params for layer in self.layers)

    @property
    def trainable_params(self) -> int:
        """Of all layers."""
        return sum(layer.trainable_params for layer in self.layers)

    def image_read_by(self, name: str) -> Shape | None:
        """The image's shape, where a layer reads its pixels in a row; None where something has come before."""
        layers = {layer.name: layer for layer in self.layers}
        (before,) = layers[name].inputs if len(layers[name].inputs) == 1 else ("",)
        flat = False
        while before in layers and layers[before].type in _KEEPS_PIXELS:
            flat = flat or layers[before].type in ("flatten", "reshape")
            (before,) = layers[before].inputs
        return self.input_shape if before == INPUT and flat else None

    @property
    def multiplications(self) -> int:
        """Of one image on its way through: every parameter is used once at each position of its layer's output.

        Exact for dense layers and unpadded convolutions; at padded borders fewer are made than are counted.
        """
        return sum(prod(layer.output_shape[:-1]) * layer.params for layer in self.layers)

    @property
    def operations(self) -> int:
        """About what an image costs: its multiplications, and for each number made as much as twenty of them."""
        return self.multiplications + 20 * self.all_outputs

    @property
    def all_outputs(self) -> int:
        """How many numbers all layers' outputs have, for one image."""
        return sum(prod(layer.output_shape) for layer in self.layers)

    @property
    def largest_output(self) -> int:
        """How many numbers the largest output of one layer has, for one image."""
        return max(prod(layer.output_shape) for layer in self.layers)


def nodes(architecture: Architecture, input_shape: Shape) -> tuple[Node, ...]:
    """The graph, in an order in which every layer follows what it reads. Raises ImpossibleArchitecture."""
    placed = list(_placed(architecture, input_shape))
    names = _names([layer for layer, _ in placed])
    graph: list[Node] = []
    for (layer, pointer), name, before in zip(placed, names, (INPUT, *names[:-1]), strict=True):
        inputs = layer.inputs or (before,)
        known = {INPUT, *(node.name for node in graph)}
        for wanted in inputs:
            if wanted not in known:
                where = "comes later" if wanted in names else "does not exist"
                raise _impossible(
                    pointer, name, layer, f"reads {wanted!r}, which {where}; before it are {_list(known)}"
                )
        graph.append(Node(name, layer, inputs, pointer))
    read = {name for node in graph for name in node.inputs}
    for node in graph[:-1]:
        if node.name not in read:
            raise _impossible(node.pointer, node.name, node.layer, "is read by no other layer, and is not the last")
    return tuple(graph)


def summarize(architecture: Architecture, input_shape: Shape) -> Summary:
    """Follow an image of input_shape (H, W, C) through the layers. Raises ImpossibleArchitecture."""
    shapes: dict[str, Shape] = {INPUT: input_shape}
    summaries = []
    for node in nodes(architecture, input_shape):
        inputs = [shapes[name] for name in node.inputs]
        try:
            shape = node.layer.output_shape(*inputs)
        except ShapeMismatch as mismatch:
            raise _impossible(node.pointer, node.name, node.layer, str(mismatch)) from None
        shapes[node.name] = shape
        parameters = node.layer.parameters(inputs[0])
        learned = parameters.count - parameters.non_trainable if node.layer.trainable else 0
        summaries.append(
            LayerSummary(
                node.name,
                node.layer.type,
                node.inputs,
                shape,
                parameters.count,
                learned,
                parameters.formula,
            )
        )
    return Summary(input_shape, tuple(summaries), summaries[-1].output_shape)


def _placed(architecture: Architecture, input_shape: Shape) -> list[tuple[LayerSpec, str]]:
    own: list[tuple[LayerSpec, str]] = [
        (layer, f"/architecture/layers/{index}") for index, layer in enumerate(architecture.layers)
    ]
    if architecture.base is None:
        return own
    try:
        base = architecture.base.layers(input_shape)
    except ShapeMismatch as mismatch:
        detail = f"Base {architecture.base.name!r} {mismatch}."
        raise ImpossibleArchitecture(BASE_POINTER, detail) from None
    taken = {layer.name for layer in base} & {layer.name for layer in architecture.layers if layer.name}
    if taken:
        detail = f"The base {architecture.base.name!r} has layers of the names {', '.join(sorted(map(str, taken)))}."
        raise ImpossibleArchitecture("/architecture/layers", detail)
    return [(layer, BASE_POINTER) for layer in base] + own


def _names(layers: list[LayerSpec]) -> list[str]:
    taken = {layer.name for layer in layers if layer.name}
    names = []
    for layer in layers:
        kind, number = layer.type, 0
        name = layer.name or kind
        while layer.name is None and name in taken:
            number += 1
            name = f"{kind}_{number}"
        taken.add(name)
        names.append(name)
    return names


def _impossible(pointer: str, name: str, layer: LayerSpec, what: str) -> ImpossibleArchitecture:
    return ImpossibleArchitecture(pointer, f"Layer {name!r} ({layer.type}): {what}.")


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)[:20])
