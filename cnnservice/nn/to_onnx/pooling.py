"""Pooling over windows and over whole feature maps."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cnnservice.nn.to_onnx.graph import Graph
from cnnservice.nn.to_onnx.windows import channels_first, channels_last, paddings


def pooling(operator: str) -> Callable[[Graph, keras.Layer, str], str]:
    """MaxPool or AveragePool over any number of sides. What is padded counts in neither."""

    def convert(graph: Graph, layer: keras.Layer, tensor: str) -> str:
        rank = len(layer.pool_size)
        output = graph.add(
            operator,
            channels_first(graph, tensor, rank),
            kernel_shape=list(layer.pool_size),
            strides=list(layer.strides),
            pads=paddings(layer.padding, layer.input.shape[1:-1], layer.pool_size, layer.strides),
        )
        return channels_last(graph, output, rank)

    return convert


def global_pooling(operator: str) -> Callable[[Graph, keras.Layer, str], str]:
    """ReduceMax or ReduceMean over all sides."""

    def convert(graph: Graph, layer: keras.Layer, tensor: str) -> str:
        axes = np.arange(1, len(layer.input.shape) - 1)
        return graph.add(operator, tensor, graph.constant(axes, "axes"), keepdims=int(layer.keepdims))

    return convert
