"""Layer-wise relevance propagation. Source: Bach et al., doi:10.1371/journal.pone.0130140."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from cnnservice.nn.walk import call_without_activation, scores_of, walk
from cnnservice.specs.architecture import Node
from cnnservice.specs.layers.base import INPUT

# Each output is one of the inputs, or a copy of one: it hands back what it got to where it came from. A maximum is
# the greatest input.
_ROUTES = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.ZeroPadding2D,
    keras.layers.UpSampling2D,
    keras.layers.Concatenate,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
# Nothing happens in them when a network is used, or what happens is a matter of scale, position by position (the
# identity rule for layer normalisation: arXiv 2402.05602).
_PASSES = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.LayerNormalization,
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.RandomFlip,
    keras.layers.RandomTranslation,
    keras.layers.RandomRotation,
    keras.layers.RandomZoom,
    keras.layers.RandomContrast,
)


def relevance(
    model: keras.Model, graph: Sequence[Node], images: tf.Tensor, target: tf.Tensor, epsilon: tf.Tensor
) -> tf.Tensor:
    """The score of a class handed back to the pixels of images (n, H, W, C), same shape.

    Activation functions hand back what they get. Every other layer that computes does so by the epsilon rule: to input
    i of what it makes z_j of, before its activation, the part that i has in z_j, over z_j + epsilon * sign(z_j).
    """
    outputs = walk(model, graph, images)
    scores = scores_of(model.get_layer(graph[-1].name), outputs)
    arrived = {graph[-1].name: scores * tf.one_hot(target, tf.shape(scores)[1])}
    for node in reversed(graph):
        layer, received = model.get_layer(node.name), arrived[node.name]
        read = [outputs.after[name] for name in node.inputs]
        for name, share in zip(node.inputs, _handed_back(layer, read, received, epsilon), strict=True):
            arrived[name] = arrived[name] + share if name in arrived else share
    return arrived[INPUT]


def _handed_back(
    layer: keras.Layer, read: Sequence[tf.Tensor], received: tf.Tensor, epsilon: tf.Tensor
) -> Sequence[tf.Tensor]:
    if isinstance(layer, _PASSES):
        return [received]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(read)
        made = call_without_activation(layer, read)
    if isinstance(layer, _ROUTES):
        return tape.gradient(made, read, output_gradients=received)  # type: ignore[no-any-return]
    stabilised = made + epsilon * tf.where(made >= 0, 1.0, -1.0)
    gradients = tape.gradient(made, read, output_gradients=received / stabilised)
    return [value * gradient for value, gradient in zip(read, gradients, strict=True)]
