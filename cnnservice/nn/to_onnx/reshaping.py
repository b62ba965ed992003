"""Layers that lay the same numbers out otherwise, pad, repeat or join them."""

from __future__ import annotations

import keras
import numpy as np

from cnnservice.nn.to_onnx.graph import Graph
from cnnservice.nn.to_onnx.windows import channels_first, channels_last


def reshape(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.Flatten and Reshape: channels are last in this graph as well, so the order stays."""
    # 0 is the input's own length: that of the batch.
    shape = np.array([0, *layer.output.shape[1:]])
    return graph.add("Reshape", tensor, graph.constant(shape, "shape"))


def zero_padding(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.ZeroPadding2D."""
    (top, bottom), (left, right) = layer.padding
    return graph.add("Pad", tensor, graph.constant(np.array([0, top, left, 0, 0, bottom, right, 0]), "pads"))


def up_sampling(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.UpSampling2D, nearest or bilinear."""
    scales = graph.constant(np.array([1, 1, *layer.size], np.float32), "scales")
    how = (
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        if layer.interpolation == "nearest"
        else {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    )
    output = graph.add("Resize", channels_first(graph, tensor, 2), "", scales, **how)
    return channels_last(graph, output, 2)


def add(graph: Graph, _layer: keras.Layer, *tensors: str) -> str:
    """keras.layers.Add."""
    return graph.add("Sum", *tensors)


def concatenate(graph: Graph, layer: keras.Layer, *tensors: str) -> str:
    """keras.layers.Concatenate."""
    return graph.add("Concat", *tensors, axis=layer.axis)


def identity(_graph: Graph, _layer: keras.Layer, tensor: str) -> str:
    """What changes images or leaves some out in training alone."""
    return tensor
