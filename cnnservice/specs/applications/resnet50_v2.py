"""ResNet50V2. Source: arXiv 1603.05027, as in keras.applications.ResNet50V2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from cnnservice.specs.applications.base import ApplicationSpec
from cnnservice.specs.layers.base import LayerSpec, Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.merging import Add
from cnnservice.specs.layers.nonlinearity import Activation
from cnnservice.specs.layers.normalization import BatchNormalization
from cnnservice.specs.layers.pooling import MaxPooling2D
from cnnservice.specs.layers.reshaping import ZeroPadding2D

# Name, filters of the bottleneck, blocks, stride of the last block.
_STACKS = (("conv2", 64, 3, 2), ("conv3", 128, 4, 2), ("conv4", 256, 6, 2), ("conv5", 512, 3, 1))


class ResNet50V2(ApplicationSpec):
    """keras.applications.ResNet50V2."""

    keras_name: ClassVar[str] = "ResNet50V2"

    name: Literal["resnet50_v2"] = "resnet50_v2"

    def _layers(self, input_shape: Shape) -> tuple[LayerSpec, ...]:  # noqa: ARG002 - the same for images of any size
        return tuple(self._each())

    def _each(self) -> Iterator[LayerSpec]:
        yield ZeroPadding2D(name="conv1_pad", padding=((3, 3), (3, 3)))
        yield Conv2D(name="conv1_conv", filters=64, kernel_size=(7, 7), strides=(2, 2), trainable=self.trainable)
        yield ZeroPadding2D(name="pool1_pad", padding=((1, 1), (1, 1)))
        yield MaxPooling2D(name="pool1_pool", pool_size=(3, 3), strides=(2, 2))
        last = "pool1_pool"
        for stack, filters, blocks, last_stride in _STACKS:
            for block in range(1, blocks + 1):
                name, stride = f"{stack}_block{block}", last_stride if block == blocks else 1
                yield from self._block(name, last, filters, stride, projects=block == 1)
                last = f"{name}_out"
        yield self._normalization("post_bn")
        yield Activation(name="post_relu", activation="relu")

    def _block(self, name: str, before: str, filters: int, stride: int, *, projects: bool) -> Iterator[LayerSpec]:
        train, strides = self.trainable, (stride, stride)
        yield self._normalization(f"{name}_preact_bn")
        yield Activation(name=f"{name}_preact_relu", activation="relu")
        shortcut = before
        if projects:
            shortcut = f"{name}_0_conv"
            yield Conv2D(name=shortcut, filters=4 * filters, kernel_size=(1, 1), strides=strides, trainable=train)
        elif stride > 1:
            shortcut = f"{name}_0_pool"
            yield MaxPooling2D(name=shortcut, pool_size=(1, 1), strides=strides, inputs=(before,))
        yield Conv2D(
            name=f"{name}_1_conv", filters=filters, kernel_size=(1, 1), use_bias=False, trainable=train,
            inputs=(f"{name}_preact_relu",),
        )  # fmt: skip
        yield self._normalization(f"{name}_1_bn")
        yield Activation(name=f"{name}_1_relu", activation="relu")
        yield ZeroPadding2D(name=f"{name}_2_pad", padding=((1, 1), (1, 1)))
        yield Conv2D(
            name=f"{name}_2_conv", filters=filters, kernel_size=(3, 3), strides=strides, use_bias=False,
            trainable=train,
        )  # fmt: skip
        yield self._normalization(f"{name}_2_bn")
        yield Activation(name=f"{name}_2_relu", activation="relu")
        yield Conv2D(name=f"{name}_3_conv", filters=4 * filters, kernel_size=(1, 1), trainable=train)
        yield Add(name=f"{name}_out", inputs=(shortcut, f"{name}_3_conv"))

    def _normalization(self, name: str) -> BatchNormalization:
        return BatchNormalization(name=name, epsilon=1.001e-5, trainable=self.trainable)
