"""A Keras model from an architecture spec."""

from __future__ import annotations

import keras

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import Compile
from cnnservice.specs.layers.base import LayerSpec, Shape
from cnnservice.specs.optimizer import AnyOptimizer


def build_model(architecture: Architecture, input_shape: Shape) -> keras.Model:
    """A Sequential model for images (H, W, C) float32 whose layers bear the spec's names, initialised anew."""
    layers = zip(architecture.layers, architecture.names(), strict=True)
    return keras.Sequential([keras.Input(input_shape), *(_build_layer(spec, name) for spec, name in layers)])


def compile_model(model: keras.Model, compile_spec: Compile) -> None:
    """Attach the loss, the optimizer, with its variables made, and the metrics."""
    model.compile(
        loss=compile_spec.loss, optimizer=_build_optimizer(compile_spec.optimizer), metrics=list(compile_spec.metrics)
    )
    model.optimizer.build(model.trainable_variables)


def _build_layer(spec: LayerSpec, name: str) -> keras.Layer:
    # A spec's class bears the name of its Keras layer, and its fields those of the layer's arguments.
    layer_class = getattr(keras.layers, type(spec).__name__)
    return layer_class(name=name, **spec.model_dump(exclude={"type", "name"}))


def _build_optimizer(spec: AnyOptimizer) -> keras.Optimizer:
    optimizer_class = getattr(keras.optimizers, type(spec).__name__)
    return optimizer_class(**spec.model_dump(exclude={"name"}))
