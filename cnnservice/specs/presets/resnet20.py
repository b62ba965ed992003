"""The residual network of 20 layers for CIFAR-10. Source: arXiv 1512.03385, section 4.2."""

from __future__ import annotations

from collections.abc import Iterator

from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.global_pooling import GlobalAveragePooling2D
from cnnservice.specs.layers.merging import Add
from cnnservice.specs.layers.nonlinearity import Activation
from cnnservice.specs.layers.normalization import BatchNormalization
from cnnservice.specs.layers.regularizers import L2
from cnnservice.specs.layers.union import AnyLayer

_BLOCKS = 3


def resnet20(_input_shape: Shape, classes: int) -> Architecture:
    """Three stacks of three blocks of 16, 32 and 64 filters; a shortcut that changes shape is a 1x1 convolution."""
    return Architecture(
        layers=(
            *_convolution("conv0", 16, 3, 1),
            Activation(name="conv0_relu", activation="relu"),
            *_stacks(),
            GlobalAveragePooling2D(name="pool"),
            Dense(name="predictions", units=classes, activation="softmax", kernel_initializer="he_normal"),
        )
    )


def _stacks() -> Iterator[AnyLayer]:
    before = "conv0_relu"
    for stack, filters in enumerate((16, 32, 64), start=1):
        for block in range(1, _BLOCKS + 1):
            name = f"stack{stack}_block{block}"
            halves = stack > 1 and block == 1
            yield from _convolution(f"{name}_conv1", filters, 3, 2 if halves else 1, reads=before)
            yield Activation(name=f"{name}_relu1", activation="relu")
            yield from _convolution(f"{name}_conv2", filters, 3, 1)
            shortcut = before
            if halves:
                yield from _convolution(f"{name}_shortcut", filters, 1, 2, reads=before)
                shortcut = f"{name}_shortcut_bn"
            yield Add(name=f"{name}_add", inputs=(f"{name}_conv2_bn", shortcut))
            yield Activation(name=f"{name}_relu2", activation="relu")
            before = f"{name}_relu2"


def _convolution(name: str, filters: int, side: int, stride: int, reads: str | None = None) -> Iterator[AnyLayer]:
    yield Conv2D(
        name=name,
        filters=filters,
        kernel_size=(side, side),
        strides=(stride, stride),
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=L2(name="l2", l2=1e-4),
        inputs=None if reads is None else (reads,),
    )
    yield BatchNormalization(name=f"{name}_bn")
