"""A Keras model from an architecture spec."""

from __future__ import annotations

from typing import Any

import keras

from cnnservice.specs.architecture import Architecture, Node, nodes
from cnnservice.specs.base import Spec
from cnnservice.specs.job import Compile
from cnnservice.specs.layers.base import INPUT, Shape
from cnnservice.specs.layers.initializers import InitializerSpec
from cnnservice.specs.layers.regularizers import RegularizerSpec
from cnnservice.specs.losses import LossSpec
from cnnservice.specs.optimizer import AnyOptimizer
from cnnservice.specs.schedules import Schedule

# What a spec says that is not an argument of its Keras class.
_OURS = frozenset({"type", "name", "inputs", "trainable"})


def build_model(architecture: Architecture, input_shape: Shape) -> keras.Model:
    """A model for images (H, W, C) float32 whose layers bear the spec's names, initialised anew.

    Sequential where every layer reads the one before it, else functional.
    """
    graph = nodes(architecture, input_shape)
    before = (INPUT, *(node.name for node in graph[:-1]))
    if all(node.inputs == (previous,) for node, previous in zip(graph, before, strict=True)):
        return keras.Sequential([keras.Input(input_shape, name=INPUT), *map(_build_layer, graph)])
    tensors = {INPUT: keras.Input(input_shape, name=INPUT)}
    for node in graph:
        read = [tensors[name] for name in node.inputs]
        tensors[node.name] = _build_layer(node)(read[0] if len(read) == 1 else read)
    return keras.Model(tensors[INPUT], tensors[graph[-1].name])


def own_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers that the spec names: all but the input."""
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def compile_model(model: keras.Model, compile_spec: Compile) -> None:
    """Attach the loss, the optimizer, with its variables made, and the metrics."""
    model.compile(
        loss=keras_object(compile_spec.loss),
        optimizer=_build_optimizer(compile_spec.optimizer),
        metrics=list(compile_spec.metrics),
    )
    model.optimizer.build(model.trainable_variables)


def _build_layer(node: Node) -> keras.Layer:
    # A spec's class bears the name of its Keras layer, and its fields those of the layer's arguments.
    layer_class = getattr(keras.layers, type(node.layer).__name__)
    layer = layer_class(name=node.name, **_arguments(node.layer))
    layer.trainable = node.layer.trainable
    return layer


def _build_optimizer(spec: AnyOptimizer) -> keras.Optimizer:
    return getattr(keras.optimizers, type(spec).__name__)(**_arguments(spec))


def _arguments(spec: Spec) -> dict[str, Any]:
    return {name: keras_object(value) for name, value in spec if name not in _OURS}


def keras_object(value: Any) -> Any:
    """The object of Keras that a spec stands for; what is none is an argument as it is."""
    homes = {
        InitializerSpec: keras.initializers,
        RegularizerSpec: keras.regularizers,
        LossSpec: keras.losses,
        Schedule: keras.optimizers.schedules,
    }
    for kind, home in homes.items():
        if isinstance(value, kind):
            arguments = {name: list(v) if isinstance(v, tuple) else v for name, v in _arguments(value).items()}
            return getattr(home, type(value).__name__)(**arguments)
    return value
