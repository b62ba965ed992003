"""A warm model as the methods of attribution see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from cnnservice.attributions.network import Array, Places, Rule
from cnnservice.nn.batches import batch_size
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.relevance import relevance
from cnnservice.nn.rules import RULES
from cnnservice.nn.walk import scores_of, walk
from cnnservice.specs.architecture import Summary


class ExplainedNetwork:
    """See attributions.network.Network. What is compiled stays with the warm model, for its next weights."""

    def __init__(self, model: WarmModel, background: Array) -> None:
        self._model, self._background = model, background
        self._last = model.keras_model.get_layer(model.names[-1])
        self._batch = batch_size(model.summary.all_outputs)

    @property
    def background(self) -> Array:
        """See Network."""
        return self._background

    @property
    def summary(self) -> Summary:
        """See Network."""
        return self._model.summary

    def places(self, layer: str) -> Places:
        """See Network."""
        fields = self._model.receptive_fields
        height, width, _ = next(part.output_shape for part in self.summary.layers if part.name == layer)
        rows = [fields.window(layer, (row, 0)) for row in range(height)]
        columns = [fields.window(layer, (0, column)) for column in range(width)]
        return [(box.top + box.bottom - 1) / 2 for box in rows], [(box.left + box.right - 1) / 2 for box in columns]

    def scores(self, images: Array) -> Array:
        """See Network."""
        return self._run("scores", lambda images: self._scores(images), images)

    def gradients(self, images: Array, target: int, rule: Rule = "gradient") -> Array:
        """See Network."""

        def backward(images: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                score = tf.gather(self._scores(images, rule), target, axis=1)
            return tape.gradient(score, images)

        return self._run(("gradients", rule), backward, images, target)

    def projections(self, images: Array, layer: str, filter_index: int, rule: Rule, *, strongest: bool) -> Array:
        """See Network."""

        def backward(images: tf.Tensor, filter_index: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                output = walk(self._model.keras_model, self._model.graph, images, RULES[rule], until=layer).after[layer]
                plane = tf.gather(output, filter_index, axis=-1)
                flat = tf.reshape(plane, (tf.shape(images)[0], -1))
                place = tf.one_hot(tf.argmax(flat, axis=1), tf.shape(flat)[1])
                sent = tf.stop_gradient(flat * place if strongest else flat)
                signal = tf.reduce_sum(flat * sent, axis=1)
            return tape.gradient(signal, images)

        return self._run(("projections", layer, rule, strongest), backward, images, filter_index)

    def maps(self, images: Array, layer: str) -> Array:
        """See Network."""
        return self._model.run_to(layer, images)

    def map_gradients(self, images: Array, layer: str, target: int) -> tuple[Array, Array]:
        """See Network."""

        def backward(images: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                outputs = self._walk(images)
                score = tf.gather(scores_of(self._last, outputs), target, axis=1)
            maps = outputs.after[layer]
            return tf.stack([maps, tape.gradient(score, maps)], axis=1)

        both = self._run(("map_gradients", layer), backward, images, target)
        return both[:, 0], both[:, 1]

    def relevances(self, images: Array, target: int, epsilon: float) -> Array:
        """See Network."""
        model = self._model

        def backward(images: tf.Tensor, target: tf.Tensor, epsilon: tf.Tensor) -> tf.Tensor:
            return relevance(model.keras_model, model.graph, images, target, epsilon)

        return self._run("relevances", backward, images, target, epsilon)

    def _walk(self, images: tf.Tensor, rule: Rule = "gradient") -> Any:
        return walk(self._model.keras_model, self._model.graph, images, RULES[rule])

    def _scores(self, images: tf.Tensor, rule: Rule = "gradient") -> tf.Tensor:
        return scores_of(self._last, self._walk(images, rule))

    def _run(self, key: object, function: Callable[..., tf.Tensor], images: Array, *arguments: float) -> Array:
        """The function's output for all images, a batch at a time; compiled at its first use."""
        specs = [tf.TensorSpec((), tf.int32 if isinstance(value, int) else tf.float32) for value in arguments]
        compiled = self._model.compiled(("explained", key), function, *specs)
        pieces = [
            compiled(tf.constant(images[start : start + self._batch]), *arguments).numpy()
            for start in range(0, len(images), self._batch)
        ]
        return np.concatenate(pieces)
