"""Normalisation of what flows through the network, as outside training."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.to_onnx.graph import Graph


def batch_normalization(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.BatchNormalization over the last dimension: a factor and a term for each channel."""
    factor = 1 / np.sqrt(_values(layer.moving_variance) + np.float32(layer.epsilon))
    if layer.gamma is not None:
        factor = factor * _values(layer.gamma)
    term = -_values(layer.moving_mean) * factor
    if layer.beta is not None:
        term = term + _values(layer.beta)
    scaled = graph.add("Mul", tensor, graph.constant(factor, "factor"))
    return graph.add("Add", scaled, graph.constant(term, "term"))


def layer_normalization(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.LayerNormalization over any dimensions; ONNX's own takes the last ones alone."""
    shape = layer.input.shape
    axes = graph.constant(np.array([axis % len(shape) for axis in layer.axis]), "axes")
    centred = graph.add("Sub", tensor, graph.add("ReduceMean", tensor, axes))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes)
    epsilon = graph.constant(np.float32(layer.epsilon), "epsilon")
    output = graph.add("Div", centred, graph.add("Sqrt", graph.add("Add", variance, epsilon)))
    # As Keras lays them out: in the order of the input's dimensions, whatever that of the axes.
    sides = [1] * len(shape)
    for axis in layer.axis:
        sides[axis] = shape[axis]
    if layer.gamma is not None:
        output = graph.add("Mul", output, graph.constant(_values(layer.gamma).reshape(sides), "gamma"))
    if layer.beta is not None:
        output = graph.add("Add", output, graph.constant(_values(layer.beta).reshape(sides), "beta"))
    return output


def _values(variable: keras.Variable) -> NDArray[np.float32]:
    values: NDArray[np.float32] = keras.ops.convert_to_numpy(variable)
    return values
