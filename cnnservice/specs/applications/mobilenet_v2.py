"""MobileNetV2. Source: arXiv 1801.04381, as in keras.applications.MobileNetV2."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from cnnservice.specs.applications.base import ApplicationSpec
from cnnservice.specs.layers.base import LayerSpec, Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.depthwise import DepthwiseConv2D
from cnnservice.specs.layers.merging import Add
from cnnservice.specs.layers.nonlinearity import ReLU
from cnnservice.specs.layers.normalization import BatchNormalization
from cnnservice.specs.layers.reshaping import ZeroPadding2D

# Table 2 of the paper: expansion factor, output channels, repeats, stride of the first.
_BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


# Those for which ImageNet's weights are published.
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


def _published(alpha: float) -> float:
    if alpha not in ALPHAS:
        raise ValueError(f"alpha is one of {', '.join(map(str, ALPHAS))}")
    return alpha


class MobileNetV2(ApplicationSpec):
    """keras.applications.MobileNetV2. alpha widens or narrows every layer."""

    keras_name: ClassVar[str] = "MobileNetV2"

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    alpha: Annotated[
        float, AfterValidator(_published), Field(description="width multiplier", json_schema_extra={"enum": [*ALPHAS]})
    ] = 1.0

    def _layers(self, input_shape: Shape) -> tuple[LayerSpec, ...]:
        return tuple(self._each(input_shape))

    def _each(self, input_shape: Shape) -> Iterator[LayerSpec]:
        train = self.trainable
        channels = divisible_by_8(32 * self.alpha)
        sides = [-(-side // 2) for side in input_shape[:2]]
        yield Conv2D(
            name="Conv1", filters=channels, kernel_size=(3, 3), strides=(2, 2), padding="same", use_bias=False,
            trainable=train,
        )  # fmt: skip
        yield _normalization("bn_Conv1", train)
        yield ReLU(name="Conv1_relu", max_value=6.0)
        last, numbers = "Conv1_relu", count()
        for expansion, filters, repeats, first_stride in _BOTTLENECKS:
            for repeat in range(repeats):
                number, stride = next(numbers), first_stride if repeat == 0 else 1
                prefix = f"block_{number}_" if number else "expanded_conv_"
                out = divisible_by_8(int(filters * self.alpha))
                if number:
                    yield Conv2D(
                        name=f"{prefix}expand", filters=expansion * channels, kernel_size=(1, 1), padding="same",
                        use_bias=False, trainable=train,
                    )  # fmt: skip
                    yield _normalization(f"{prefix}expand_BN", train)
                    yield ReLU(name=f"{prefix}expand_relu", max_value=6.0)
                if stride == 2:
                    # An even side is padded on its far end alone, as Keras' correct_pad does.
                    (top, left) = (side % 2 for side in sides)
                    yield ZeroPadding2D(name=f"{prefix}pad", padding=((top, 1), (left, 1)))
                    sides = [-(-side // 2) for side in sides]
                yield DepthwiseConv2D(
                    name=f"{prefix}depthwise", kernel_size=(3, 3), strides=(stride, stride),
                    padding="same" if stride == 1 else "valid", use_bias=False, trainable=train,
                )  # fmt: skip
                yield _normalization(f"{prefix}depthwise_BN", train)
                yield ReLU(name=f"{prefix}depthwise_relu", max_value=6.0)
                yield Conv2D(
                    name=f"{prefix}project", filters=out, kernel_size=(1, 1), padding="same", use_bias=False,
                    trainable=train,
                )  # fmt: skip
                yield _normalization(f"{prefix}project_BN", train)
                before, last = last, f"{prefix}project_BN"
                if channels == out and stride == 1:
                    yield Add(name=f"{prefix}add", inputs=(before, last))
                    last = f"{prefix}add"
                channels = out
        features = max(1280, divisible_by_8(1280 * self.alpha))
        yield Conv2D(name="Conv_1", filters=features, kernel_size=(1, 1), use_bias=False, trainable=train)
        yield _normalization("Conv_1_bn", train)
        yield ReLU(name="out_relu", max_value=6.0)


def divisible_by_8(width: float) -> int:
    """The multiple of 8 nearest to a width, and not less than nine tenths of it."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


def _normalization(name: str, train: bool) -> BatchNormalization:
    return BatchNormalization(name=name, epsilon=1e-3, momentum=0.999, trainable=train)
