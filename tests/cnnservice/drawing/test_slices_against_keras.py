"""A slice shows what a filter answers to a single point of light, computed by Keras."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.drawing.slices import kernel_planes, kernel_slices, weight_name


def response(layer: keras.layers.Layer, shape: tuple[int, ...], point: tuple[int, ...]) -> NDArray[np.float32]:
    light = np.zeros((1, *shape), np.float32)
    light[0, *point] = 1
    answer: NDArray[np.float32] = np.asarray(layer(light))[0]
    return answer


def kernel_of(layer: keras.layers.Layer, kind: str, weight: str | None = None) -> NDArray[np.float32]:
    name = weight_name(kind, weight)
    (variable,) = (variable for variable in layer.weights if variable.name == name)
    return np.asarray(variable)


@pytest.mark.parametrize("channel", [0, 2])
def test_convolutions_answer_with_their_slice_turned_round(channel: int) -> None:
    # What Keras calls a convolution is a correlation, whose answer to a point is the kernel back to front.
    for kind, layer, shape in [
        ("conv1d", keras.layers.Conv1D(4, 3), (5, 3)),
        ("conv2d", keras.layers.Conv2D(4, (3, 2)), (5, 3, 3)),
        ("conv3d", keras.layers.Conv3D(4, (2, 3, 2)), (3, 5, 3, 3)),
    ]:
        middle = tuple(side // 2 for side in shape[:-1])
        answer = response(layer, shape, (*middle, channel))
        kernel = kernel_of(layer, kind)
        slices = kernel_slices(kernel, kind=kind, channel=channel)
        for number, tile in enumerate(slices):
            planes = np.hsplit(tile, kernel_planes(kernel))
            turned = np.flip(np.stack(planes).reshape(kernel.shape[:-2]))
            np.testing.assert_allclose(answer[..., number], turned, rtol=1e-6, err_msg=f"{kind}, filter {number}")


def test_a_transposed_convolution_answers_with_its_slice() -> None:
    layer = keras.layers.Conv2DTranspose(2, (3, 4))
    answer = response(layer, (1, 1, 5), (0, 0, 3))
    slices = kernel_slices(kernel_of(layer, "conv2d_transpose"), kind="conv2d_transpose", channel=3)
    np.testing.assert_allclose(np.moveaxis(answer, -1, 0), slices, rtol=1e-6)


def test_a_depthwise_convolution_answers_in_the_order_its_slices_are_drawn() -> None:
    layer = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)
    layer.build((None, 5, 5, 4))
    slices = kernel_slices(kernel_of(layer, "depthwise_conv2d"), kind="depthwise_conv2d")
    for channel in range(4):
        answer = response(layer, (5, 5, 4), (2, 2, channel))
        for number in (2 * channel, 2 * channel + 1):
            np.testing.assert_allclose(answer[..., number], np.flip(slices[number]), rtol=1e-6)


def test_both_kernels_of_a_separable_convolution_are_found_by_name() -> None:
    layer = keras.layers.SeparableConv2D(6, 3, depth_multiplier=2)
    layer.build((None, 5, 5, 4))
    depthwise = kernel_slices(kernel_of(layer, "separable_conv2d"), kind="separable_conv2d")
    pointwise = kernel_slices(
        kernel_of(layer, "separable_conv2d", "pointwise_kernel"), kind="separable_conv2d", weight="pointwise_kernel"
    )
    assert (depthwise.shape, pointwise.shape) == ((8, 3, 3), (6, 2, 4))
    answer = response(layer, (5, 5, 4), (2, 2, 1))
    by_hand = sum(np.flip(depthwise[n]) * pointwise[5].ravel()[n] for n in (2, 3))
    np.testing.assert_allclose(answer[..., 5], by_hand, rtol=1e-4, atol=1e-6)


def test_a_dense_unit_answers_to_a_pixel_with_that_pixel_of_its_slice() -> None:
    network = keras.Sequential([keras.layers.Input((4, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    slices = kernel_slices(kernel_of(network.layers[-1], "dense"), kind="dense", image_shape=(4, 5, 3))
    for point in [(0, 0, 0), (1, 3, 2), (3, 4, 1)]:
        answer = response(network, (4, 5, 3), point)
        np.testing.assert_allclose(answer, slices[:, *point], rtol=1e-6)
