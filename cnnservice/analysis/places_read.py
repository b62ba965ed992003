"""What a layer reads along one side of its input. Source: arXiv 1603.07285, and Keras for where padding begins."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from cnnservice.specs.layers.base import LayerSpec, Shape
from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.depthwise import Depthwise
from cnnservice.specs.layers.global_pooling import GlobalPooling
from cnnservice.specs.layers.normalization import LayerNormalization
from cnnservice.specs.layers.pooling import Pooling
from cnnservice.specs.layers.reshaping import Reshape, UpSampling2D, ZeroPadding2D
from cnnservice.specs.layers.transposed import Conv2DTranspose
from cnnservice.specs.layers.windows import window_steps


def places_read(axis: int, layer: LayerSpec, input_shape: Shape, wanted: Iterable[int]) -> set[int]:
    """The places of an input (H, W, C) that the wanted ones of an output (H, W, C) read along an axis, 0 or 1.

    Those in padding are below 0 or past the end.
    """
    size = input_shape[axis]
    match layer:
        case Conv2D() | Depthwise():
            reach = range(0, layer.dilation_rate[axis] * layer.kernel_size[axis], layer.dilation_rate[axis])
            return _slid(reach, size, layer.strides[axis], layer.padding, wanted)
        case Pooling():
            stride = (layer.strides or layer.pool_size)[axis]
            return _slid(range(layer.pool_size[axis]), size, stride, layer.padding, wanted)
        case Conv2DTranspose():
            reach, stride = range(layer.kernel_size[axis]), layer.strides[axis]
            padded = max(len(reach) - stride, 0) // 2 if layer.padding == "same" else 0
            # The convolution that this one undoes reads `place` at (place + padded - k) / stride for each k.
            return {
                (place + padded - k) // stride for place in wanted for k in reach if (place + padded - k) % stride == 0
            }
        case UpSampling2D(interpolation="nearest"):
            return {place // layer.size[axis] for place in wanted}
        case UpSampling2D():
            between = [(place + 0.5) / layer.size[axis] - 0.5 for place in wanted]
            return {nearest(place) for place in between for nearest in (floor, ceil)}
        case ZeroPadding2D():
            return {place - layer.padding[axis][0] for place in wanted}
        case GlobalPooling() | Reshape():
            return set(range(size))
        case LayerNormalization() if layer.axis not in (-1, 3, (-1,), (3,)):
            return set(range(size))
    # A side of 1 is repeated where it is added to a longer one; other layers leave every place where it is.
    return {0} if size == 1 else set(wanted)


def _slid(reach: range, size: int, stride: int, padding: str, wanted: Iterable[int]) -> set[int]:
    """What a window reads that slides over a side; reach are the places it reads when it stands at 0."""
    length = reach[-1] + 1
    steps = window_steps(size, length, stride, padding)
    padded = max((steps - 1) * stride + length - size, 0) // 2 if padding == "same" else 0
    return {place * stride - padded + k for place in wanted for k in reach}
