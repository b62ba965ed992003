"""Activations, inside other layers and as layers of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cnnservice.nn.to_onnx.graph import Graph


def activate(graph: Graph, function: Callable[..., Any], tensor: str) -> str:
    """One of keras.activations with its default arguments."""
    return _ACTIVATIONS[function.__name__](graph, tensor)


def activation(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.Activation."""
    return activate(graph, layer.activation, tensor)


def relu(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.ReLU: max_value, negative_slope and threshold, as keras.activations.relu combines them."""
    slope, threshold = float(layer.negative_slope), float(layer.threshold)
    if threshold:
        limit = graph.constant(np.float32(threshold), "threshold")
        above = graph.add("Greater", tensor, limit)
        positive = graph.add("Where", above, tensor, graph.constant(np.float32(0), "zero"))
        below = graph.add("Relu", graph.add("Sub", limit, tensor)) if slope else ""
    else:
        positive = graph.add("Relu", tensor)
        below = graph.add("Relu", graph.add("Neg", tensor)) if slope else ""
    if layer.max_value is not None:
        positive = _clip(graph, positive, 0, layer.max_value)
    if not slope:
        return positive
    return graph.add("Sub", positive, graph.add("Mul", below, graph.constant(np.float32(slope), "slope")))


def leaky_relu(graph: Graph, layer: keras.Layer, tensor: str) -> str:
    """keras.layers.LeakyReLU."""
    return graph.add("LeakyRelu", tensor, alpha=float(layer.negative_slope))


def _clip(graph: Graph, tensor: str, low: float, high: float) -> str:
    bounds = graph.constant(np.float32(low), "low"), graph.constant(np.float32(high), "high")
    return graph.add("Clip", tensor, *bounds)


def _operator(operator: str, **attributes: Any) -> Callable[[Graph, str], str]:
    return lambda graph, tensor: graph.add(operator, tensor, **attributes)


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "linear": lambda _, tensor: tensor,
    "relu": _operator("Relu"),
    "relu6": lambda graph, tensor: _clip(graph, tensor, 0, 6),
    "leaky_relu": _operator("LeakyRelu", alpha=0.2),
    "elu": _operator("Elu"),
    "selu": _operator("Selu"),
    "gelu": _operator("Gelu"),
    "silu": lambda graph, tensor: graph.add("Mul", tensor, graph.add("Sigmoid", tensor)),
    "mish": _operator("Mish"),
    "softplus": _operator("Softplus"),
    "softsign": _operator("Softsign"),
    "tanh": _operator("Tanh"),
    "sigmoid": _operator("Sigmoid"),
    "hard_sigmoid": _operator("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_silu": _operator("HardSwish"),
    "exponential": _operator("Exp"),
    "softmax": _operator("Softmax", axis=-1),
    "log_softmax": _operator("LogSoftmax", axis=-1),
}
