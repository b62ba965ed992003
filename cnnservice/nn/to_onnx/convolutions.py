"""Layers with a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.to_onnx.activations import activate
from cnnservice.nn.to_onnx.graph import Graph
from cnnservice.nn.to_onnx.windows import channels_first, channels_last, paddings


def dense(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.Dense, on the last dimension."""
    output = graph.add("MatMul", tensor, graph.constant(_values(layer.kernel), "kernel"))
    if layer.bias is not None:
        output = graph.add("Add", output, graph.constant(_values(layer.bias), "bias"))
    return activate(graph, layer.activation, output)


def convolution(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.Conv1D, Conv2D and Conv3D. Kernel (…sides, C_in, filters) becomes (filters, C_in, …sides)."""
    rank = len(layer.kernel_size)
    kernel = _values(layer.kernel).transpose(rank + 1, rank, *range(rank))
    output = _convolve(graph, layer, channels_first(graph, tensor, rank), kernel, bias=layer.bias)
    return activate(graph, layer.activation, channels_last(graph, output, rank))


def depthwise(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.DepthwiseConv2D: a group for each input channel."""
    output = _depthwise(graph, layer, channels_first(graph, tensor, 2), _values(layer.kernel), bias=layer.bias)
    return activate(graph, layer.activation, channels_last(graph, output, 2))


def separable(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.SeparableConv2D: a depthwise convolution, then one of 1x1."""
    between = _depthwise(graph, layer, channels_first(graph, tensor, 2), _values(layer.depthwise_kernel), bias=None)
    pointwise = _values(layer.pointwise_kernel).transpose(3, 2, 0, 1)
    weights = [graph.constant(pointwise, "pointwise_kernel"), *_bias(graph, layer.bias)]
    output = graph.add("Conv", between, *weights, kernel_shape=[1, 1])
    return activate(graph, layer.activation, channels_last(graph, output, 2))


def transposed(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.Conv2DTranspose. Kernel (H, W, filters, C_in) becomes (C_in, filters, H, W).

    The gradient of a convolution whose padding would make the input of the output: `same` makes sides * strides. What
    a kernel smaller than its stride does not reach is zero, before the bias. Source: arXiv 1603.07285, ch. 4.
    """
    kernel = _values(layer.kernel).transpose(3, 2, 0, 1)
    beyond = [max(k - s, 0) if layer.padding == "same" else 0 for k, s in _sides(layer)]
    output = graph.add(
        "ConvTranspose",
        channels_first(graph, tensor, 2),
        graph.constant(kernel, "kernel"),
        *_bias(graph, layer.bias),
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        pads=[b // 2 for b in beyond] + [b - b // 2 for b in beyond],
        output_padding=[max(s - k, 0) for k, s in _sides(layer)],
    )
    return activate(graph, layer.activation, channels_last(graph, output, 2))


def _sides(layer: keras.Layer) -> list[tuple[int, int]]:
    return list(zip(layer.kernel_size, layer.strides, strict=True))


def _depthwise(
    graph: Graph, layer: keras.Layer, tensor: str, kernel: NDArray[np.float32], bias: keras.Variable | None
) -> str:
    height, width, channels, multiplier = kernel.shape
    groups = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return _convolve(graph, layer, tensor, groups, bias=bias, group=channels)


def _convolve(
    graph: Graph,
    layer: keras.Layer,
    tensor: str,
    kernel: NDArray[np.float32],
    bias: keras.Variable | None,
    **attributes: int,
) -> str:
    sides: Sequence[int] = layer.input.shape[1:-1]
    return graph.add(
        "Conv",
        tensor,
        graph.constant(kernel, "kernel"),
        *_bias(graph, bias),
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        pads=paddings(layer.padding, sides, layer.kernel_size, layer.strides, layer.dilation_rate),
        **attributes,
    )


def _bias(graph: Graph, variable: keras.Variable | None) -> list[str]:
    return [] if variable is None else [graph.constant(_values(variable), "bias")]


def _values(variable: keras.Variable) -> NDArray[Any]:
    values: NDArray[Any] = keras.ops.convert_to_numpy(variable)
    return values
