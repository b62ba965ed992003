"""Activations a client may name."""

from __future__ import annotations

from typing import Literal

ActivationName = Literal[
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "tanh",
    "sigmoid", "hard_sigmoid", "hard_silu", "exponential", "softmax", "log_softmax",
]  # fmt: skip


def is_linear_activation(activation: ActivationName | None) -> bool:
    """Whether it changes nothing."""
    return activation in (None, "linear")
