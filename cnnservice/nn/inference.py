"""A warm model: compiled once, its weights exchanged when another epoch is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnservice.analysis.receptive_field import ReceptiveFields
from cnnservice.nn.build import build_model
from cnnservice.nn.state import model_variables
from cnnservice.nn.walk import logits_of, walk
from cnnservice.specs.architecture import Architecture, Summary, nodes, summarize
from cnnservice.specs.layers.base import Shape


@dataclass(frozen=True)
class Outputs:
    """What a batch of n images makes.

    probabilities (n, classes) are the last layer's outputs, or the softmax of them where they are logits. logits
    (n, classes) is None where the last layer has none.
    """

    feature_maps: Mapping[str, NDArray[np.float32]]
    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32] | None


class WarmModel:
    """One architecture, with the weights of the epoch last asked for. Not for use by two threads at once."""

    def __init__(self, architecture: Architecture, input_shape: Shape, *, memory_bytes: int = 0) -> None:
        """memory_bytes is how much of other epochs' weights it may keep, to take them on again without reading them."""
        self._architecture, self._input_shape = architecture, input_shape
        self.keras_model = build_model(architecture, input_shape)
        self.variables = model_variables(self.keras_model)
        self.graph = nodes(architecture, input_shape)
        self.names = [node.name for node in self.graph]
        self._layers = [self.keras_model.get_layer(name) for name in self.names]
        self._loaded: str | None = None
        self._remembered: OrderedDict[str, list[tf.Tensor]] = OrderedDict()
        self._most_remembered = memory_bytes // max(4 * self.keras_model.count_params(), 1)
        self._signature = [tf.TensorSpec((None, *input_shape), tf.float32)]
        self._forward = self._compile()
        self._compiled: dict[Hashable, Callable[..., tf.Tensor]] = {}

    @cached_property
    def summary(self) -> Summary:
        """Its layers and their shapes."""
        return summarize(self._architecture, self._input_shape)

    @cached_property
    def receptive_fields(self) -> ReceptiveFields:
        """What of an image each place of its layers depends on."""
        return ReceptiveFields(self._architecture, self._input_shape)

    def load(self, checkpoint: str, read: Callable[[], Mapping[str, NDArray[Any]]]) -> None:
        """Take on a checkpoint's weights, unless they are those it has."""
        if self._loaded == checkpoint:
            return
        weights = self._remembered.pop(checkpoint, None) or self._read(read)
        if self._most_remembered:
            self._remembered[checkpoint] = weights
            if len(self._remembered) > self._most_remembered:
                self._remembered.popitem(last=False)
        self._loaded = None  # what fails half-way must not pass for either epoch
        # Keras' own assign takes 0.93 ms for the notebook's eight arrays, and this 0.13.
        for variable, weight in zip(self.variables.values(), weights, strict=True):
            variable.value.assign(weight, read_value=False)
        self._loaded = checkpoint

    def _read(self, read: Callable[[], Mapping[str, NDArray[Any]]]) -> list[tf.Tensor]:
        arrays = read()
        return [tf.constant(arrays[name], variable.dtype) for name, variable in self.variables.items()]

    def run(self, images: NDArray[np.float32]) -> Outputs:
        """Every layer's output for images (n, H, W, C), and the logits."""
        outputs, logits = self._forward(tf.constant(images))
        maps = {layer.name: output.numpy() for layer, output in zip(self._layers, outputs, strict=True)}
        return Outputs(maps, self.probabilities(outputs[-1]).numpy(), None if logits is None else logits.numpy())

    def run_to(self, layer: str, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """One layer's output (n, …) for images (n, H, W, C); what comes after it is not computed."""

        def forward(images: tf.Tensor) -> tf.Tensor:
            return walk(self.keras_model, self.graph, images, until=layer).after[layer]

        output: NDArray[np.float32] = self.compiled(("run_to", layer), forward)(tf.constant(images)).numpy()
        return output

    def compiled(
        self, key: Hashable, function: Callable[..., tf.Tensor], *arguments: tf.TensorSpec
    ) -> Callable[..., tf.Tensor]:
        """A function of images (n, H, W, C) and further arguments, compiled: the one first given under its key."""
        if key not in self._compiled:
            self._compiled[key] = tf.function(function, input_signature=[*self._signature, *arguments])
        return self._compiled[key]

    def numbers_up_to(self, layer: str) -> int:
        """How many numbers all layers that it takes to compute one make of an image, its own among them."""
        until = keras.Model(self.keras_model.inputs, self.keras_model.get_layer(layer).output)
        return sum(prod(part.output.shape[1:]) for part in until.layers)

    def probabilities(self, outputs: tf.Tensor) -> tf.Tensor:
        """The last layer's outputs (n, classes) as they are to be read."""
        linear = getattr(self._layers[-1], "activation", None) is keras.activations.linear
        return keras.ops.softmax(outputs) if linear else outputs

    def _compile(self) -> Callable[[tf.Tensor], Any]:
        def forward(images: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor | None]:
            outputs = walk(self.keras_model, self.graph, images)
            return [outputs.after[name] for name in self.names], logits_of(self._layers[-1], outputs)

        compiled: Callable[[tf.Tensor], Any] = tf.function(forward, input_signature=self._signature)
        return compiled
