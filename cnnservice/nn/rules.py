"""How activation functions let a signal through on its way back. Sources: arXiv 1311.2901, 1412.6806."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tensorflow as tf

from cnnservice.attributions.network import Rule
from cnnservice.nn.walk import Activate, Activation


def _gradient(activation: Activation, before: tf.Tensor) -> tf.Tensor:
    return activation(before)


def _guided(activation: Activation, before: tf.Tensor) -> tf.Tensor:
    return _only_positive_back(activation(before))


def _deconvnet(activation: Activation, before: tf.Tensor) -> tf.Tensor:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def forward(before: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        return activation(before), tf.nn.relu

    return forward(before)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _only_positive_back(after: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    return tf.identity(after), tf.nn.relu


RULES: Mapping[Rule, Activate] = {"gradient": _gradient, "guided": _guided, "deconvnet": _deconvnet}
