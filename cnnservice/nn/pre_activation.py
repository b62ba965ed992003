"""What a layer computes before its activation function."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

_ACTIVATIONS = (keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU)


def before_activation(model: keras.Model, layer_name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function from images to a layer's output without its activation function: of a last layer, the logits.

    Of a layer that is nothing but an activation it is the input; of one that has none, the output. For use within
    tf.function, and not by two threads at once.
    """
    layer = model.get_layer(layer_name)
    if isinstance(layer, _ACTIVATIONS):
        return _model_to(model, layer.input)
    if not hasattr(layer, "activation"):
        return _model_to(model, layer.output)
    up_to_input = _model_to(model, layer.input)

    def pre_activation(images: tf.Tensor) -> tf.Tensor:
        inputs, activation = up_to_input(images), layer.activation
        # A layer computes its own linear part best; there is no other way to ask for it alone.
        layer.activation = keras.activations.linear
        try:
            return layer.call(inputs)
        finally:
            layer.activation = activation

    return pre_activation


def _model_to(model: keras.Model, output: keras.KerasTensor) -> Callable[[tf.Tensor], tf.Tensor]:
    # Where the output is the input itself, a Keras model cannot be made.
    if output is model.inputs[0]:
        return lambda images: images
    until = keras.Model(model.inputs, output)
    return lambda images: keras.tree.flatten(until(images, training=False))[0]
