"""A network's spec as Python that builds it in plain Keras."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Any

from cnnservice.specs.architecture import Architecture, Node, nodes
from cnnservice.specs.base import Spec
from cnnservice.specs.job import Compile
from cnnservice.specs.layers.base import INPUT, Shape
from cnnservice.specs.layers.initializers import InitializerSpec
from cnnservice.specs.layers.regularizers import RegularizerSpec
from cnnservice.specs.losses import LossSpec
from cnnservice.specs.optimizer import Optimizer
from cnnservice.specs.schedules import Schedule

_WIDTH = 100
_HOMES: dict[type[Spec], str] = {
    InitializerSpec: "keras.initializers",
    RegularizerSpec: "keras.regularizers",
    LossSpec: "keras.losses",
    Optimizer: "keras.optimizers",
    Schedule: "keras.optimizers.schedules",
}
# What a spec says that is not an argument of its Keras class, or is written elsewhere.
_APART = frozenset({"type", "name", "inputs", "trainable"})
# Arguments where one number stands for all sides.
_SIDES = frozenset({"kernel_size", "strides", "dilation_rate", "pool_size", "size"})
# Those of schedules that Keras keeps as lists.
_LISTS = frozenset({"boundaries", "values"})
# Written out though it is the spec's default: it is not Keras' own, or a reader looks for it.
_ALWAYS = frozenset({"value_range", "pool_size", "l1", "l2", "learning_rate"})
_TAKEN = frozenset({"keras", "layers", "inputs", "x"})


def network_source(architecture: Architecture, input_shape: Shape) -> str:
    """Statements that make `model` for images (H, W, C) from `keras` and `keras.layers` as `layers`.

    Sequential where every layer reads the one before it, else functional, as cnnservice.nn.build makes it. Arguments
    that are Keras' defaults are left out.
    """
    graph = nodes(architecture, input_shape)
    given = f'keras.Input({_value(input_shape)}, name="{INPUT}")'
    before = (INPUT, *(node.name for node in graph[:-1]))
    if all(node.inputs == (previous,) for node, previous in zip(graph, before, strict=True)):
        listed = [given, *(_layer(node, 8) for node in graph)]
        return "model = keras.Sequential(\n    [\n" + "".join(f"        {line},\n" for line in listed) + "    ]\n)"
    return "\n".join(_functional(graph, given))


def compile_source(compile_spec: Compile) -> str:
    """The statement that compiles `model` with a job's loss, optimizer and metrics."""
    arguments = [
        f"optimizer={_value(compile_spec.optimizer)}",
        f"loss={_value(compile_spec.loss)}",
        f"metrics={_value(list(compile_spec.metrics))}",
    ]
    return _call("model.compile", arguments, 0)


def _functional(graph: tuple[Node, ...], given: str) -> Iterator[str]:
    yield "def build_network() -> keras.Model:"
    yield f"    inputs = {given}"
    variables = {INPUT: "inputs"}
    for position, node in enumerate(graph):
        readers = {later for later, other in enumerate(graph) if node.name in other.inputs}
        # What the next layer alone reads needs no name of its own.
        variable = "x" if readers <= {position + 1} else _identifier(node.name, set(variables.values()))
        read = [variables[name] for name in node.inputs]
        tensors = read[0] if len(read) == 1 else f"[{', '.join(read)}]"
        yield f"    {variable} = {_layer(node, 4, len(variable) + 3, f'({tensors})')}"
        variables[node.name] = variable
    yield f"    return keras.Model(inputs, {variables[graph[-1].name]})"
    yield ""
    yield ""
    yield "model = build_network()"


def _identifier(name: str, taken: set[str]) -> str:
    identifier = re.sub(r"\W", "_", name)
    while keyword.iskeyword(identifier) or identifier in _TAKEN | taken:
        identifier += "_"
    return identifier


def _layer(node: Node, indent: int, before: int = 0, after: str = "") -> str:
    arguments = _arguments(node.layer)
    if not node.layer.trainable:
        arguments.append("trainable=False")
    arguments.append(f"name={_value(node.name)}")
    # A spec's class bears the name of its Keras layer.
    return _call(f"layers.{type(node.layer).__name__}", arguments, indent, before + len(after)) + after


def _arguments(spec: Spec) -> list[str]:
    return [
        f"{name}={_argument(name, value)}"
        for name, value in spec
        if name not in _APART and (name in _ALWAYS or value != type(spec).model_fields[name].default)
    ]


def _call(function: str, arguments: list[str], indent: int, more: int = 0) -> str:
    """A call on one line, or, where that is too long with `more` beside it, with a line for each argument."""
    line = f"{function}({', '.join(arguments)})"
    if indent + more + len(line) < _WIDTH:
        return line
    inner = "".join(f"{' ' * (indent + 4)}{argument},\n" for argument in arguments)
    return f"{function}(\n{inner}{' ' * indent})"


def _argument(name: str, value: Any) -> str:
    if name in _SIDES and value is not None and len(set(value)) == 1:
        return _value(value[0])
    return _value(list(value) if name in _LISTS else value)


def _value(value: Any) -> str:
    for kind, home in _HOMES.items():
        if isinstance(value, kind):
            return f"{home}.{type(value).__name__}({', '.join(_arguments(value))})"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))}{',' if len(value) == 1 else ''})"
    return repr(value)
