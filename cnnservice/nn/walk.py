"""A network walked through layer by layer, its activation functions apart from what comes before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import tensorflow as tf

from cnnservice.specs.architecture import Node
from cnnservice.specs.layers.base import INPUT

Activation = Callable[[tf.Tensor], tf.Tensor]
# Makes an activation's output of the activation and its input.
Activate = Callable[[Activation, tf.Tensor], tf.Tensor]

_OF_LOGITS = (keras.activations.softmax, keras.activations.sigmoid, keras.activations.linear)
# Activations as layers of their own: the layer is the function.
_FUNCTIONS = (keras.layers.ReLU, keras.layers.LeakyReLU)


@dataclass
class Outputs:
    """By layer: before is what goes into its activation, or its output where it has none; after is its output."""

    before: dict[str, tf.Tensor] = field(default_factory=dict)
    after: dict[str, tf.Tensor] = field(default_factory=dict)


def walk(
    model: keras.Model,
    graph: Sequence[Node],
    images: tf.Tensor,
    activate: Activate = lambda activation, before: activation(before),
    until: str | None = None,
) -> Outputs:
    """Images (n, H, W, C) through the layers of graph, as when the network is used, up to the one named."""
    outputs = Outputs(after={INPUT: images})
    for node in graph:
        layer = model.get_layer(node.name)
        read = [outputs.after[name] for name in node.inputs]
        before = outputs.before[node.name] = call_without_activation(layer, read)
        activation = activation_of(layer)
        outputs.after[node.name] = before if activation is None else activate(activation, before)
        if node.name == until:
            break
    return outputs


def logits_of(last: keras.Layer, outputs: Outputs) -> tf.Tensor | None:
    """What goes into the last layer's softmax or sigmoid, (n, classes); its output where it ends with nothing.

    None where it ends with something else, or is a layer that never ends with an activation.
    """
    return outputs.before[last.name] if getattr(last, "activation", None) in _OF_LOGITS else None


def scores_of(last: keras.Layer, outputs: Outputs) -> tf.Tensor:
    """The logits (n, classes) of the last layer, or its output where it has none."""
    logits = logits_of(last, outputs)
    return outputs.after[last.name] if logits is None else logits


def activation_of(layer: keras.Layer) -> Activation | None:
    """The function a layer ends with, None where it ends with none."""
    if isinstance(layer, _FUNCTIONS):
        return lambda before: layer(before)
    activation: Activation | None = getattr(layer, "activation", None)
    return None if activation is keras.activations.linear else activation


def call_without_activation(layer: keras.Layer, read: Sequence[tf.Tensor]) -> tf.Tensor:
    """A layer's output for what it reads, as when the network is used, before its activation."""
    inputs = read[0] if len(read) == 1 else list(read)
    if isinstance(layer, _FUNCTIONS):
        return inputs
    with _without_activation(layer):
        return layer(inputs, training=False)


@contextmanager
def _without_activation(layer: keras.Layer) -> Iterator[None]:
    if activation_of(layer) is None:
        yield
        return
    activation = layer.activation
    layer.activation = keras.activations.linear
    try:
        yield
    finally:
        layer.activation = activation
