"""Class activation maps by hand, and against tf-keras-vis where it has the same definition."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.utils.scores import CategoricalScore

from cnnservice.attributions.cam import placed
from cnnservice.attributions.grad_cam import GradCam
from cnnservice.attributions.grad_cam_plus_plus import GradCamPlusPlus
from cnnservice.attributions.layer_cam import LayerCam
from cnnservice.attributions.score_cam import ScoreCam

from .conftest import Digits, network_of

# One dense layer on the mean of each map: Grad-CAM is then the map of arXiv 1512.04150, over the number of positions.
AVERAGED = [
    {"type": "conv2d", "name": "maps", "filters": 5, "kernel_size": 3, "padding": "same", "activation": "relu"},
    {"type": "global_average_pooling2d"},
    {"type": "dense", "units": 3, "activation": "softmax"},
]
IMAGE = np.random.default_rng(4).uniform(-1, 1, (6, 7, 1)).astype(np.float32)
THEIRS = {GradCam: Gradcam, LayerCam: Layercam}


def test_grad_cam_is_the_class_activation_map_where_maps_are_averaged() -> None:
    made = network_of((6, 7, 1), AVERAGED)
    (maps,) = made.network.maps(IMAGE[None], "maps")
    dense = np.asarray(made.model.layers[-1].kernel)
    for target in range(3):
        found = GradCam().attribute(made.network, IMAGE, target)
        expected = np.maximum((maps * dense[:, target] / 42).sum(axis=-1), 0)
        np.testing.assert_allclose(found.cam, expected, atol=1e-5)
        # The maps are as large as the image: nothing is to be enlarged.
        np.testing.assert_allclose(found.values[..., 0], expected, atol=1e-5)


def test_layer_cam_where_maps_are_averaged() -> None:
    made = network_of((6, 7, 1), AVERAGED)
    (maps,) = made.network.maps(IMAGE[None], "maps")
    dense = np.asarray(made.model.layers[-1].kernel)[:, 1]
    expected = (maps * np.maximum(dense, 0) / 42).sum(axis=-1)
    np.testing.assert_allclose(LayerCam().attribute(made.network, IMAGE, 1).cam, expected, atol=1e-5)


@pytest.mark.parametrize("method", THEIRS)
def test_the_maps_of_a_trained_network_are_those_of_tf_keras_vis(
    digits: Digits, method: type[GradCam] | type[LayerCam]
) -> None:
    for place in range(4):
        one, target = digits.images[place], int(digits.labels[place])
        found = method().attribute(digits.network, one, target).cam
        theirs = THEIRS[method](digits.linear)(
            CategoricalScore(target), one[None], penultimate_layer="Conv2", expand_cam=False, normalize_cam=False
        )[0]
        np.testing.assert_allclose(found, theirs, rtol=2e-3, atol=1e-3 * float(np.asarray(theirs).max()))


def test_grad_cam_plus_plus_counts_each_position_by_its_own_alpha(digits: Digits) -> None:
    """In loops, from Keras' own gradients. tf-keras-vis lets negative gradients into the sum of the alphas."""
    layer = digits.linear.get_layer
    lower = keras.Model(layer("Conv1").input, layer("Conv2").output)
    upper = keras.Sequential([keras.Input((8, 8, 64)), *map(layer, ("MaxPool2", "Flatten", "FC1", "FC2"))])
    for place in range(3):
        one, target = digits.images[place], int(digits.labels[place])
        maps = tf.constant(lower(one[None]))
        with tf.GradientTape() as tape:
            tape.watch(maps)
            score = upper(maps)[0, target]
        gradients, maps = tape.gradient(score, maps).numpy()[0].astype(float), maps.numpy()[0].astype(float)
        weights = np.zeros(64)
        for k in range(64):
            counted = [(g, g**2 / (2 * g**2 + maps[..., k].sum() * g**3)) for g in gradients[..., k].ravel() if g > 0]
            if counted:
                weights[k] = sum(g * alpha for g, alpha in counted) / sum(alpha for _, alpha in counted)
        found = GradCamPlusPlus().attribute(digits.network, one, target).cam
        np.testing.assert_allclose(found, np.maximum(maps @ weights, 0), rtol=1e-3, atol=1e-3 * found.max())


def test_score_cam_weighs_maps_by_the_scores_of_what_is_seen_through_them() -> None:
    made = network_of((6, 7, 1), AVERAGED, spread=2.0)
    (maps,) = made.network.maps(IMAGE[None], "maps")
    dead = maps.max(axis=(0, 1)) == maps.min(axis=(0, 1))
    scores = []
    for k in np.flatnonzero(~dead):
        mask = (maps[..., k] - maps[..., k].min()) / (maps[..., k].max() - maps[..., k].min())
        scores.append(made.linear(IMAGE[None] * mask[None, ..., None]).numpy()[0, 2])
    weights = np.exp(scores) / np.sum(np.exp(scores))
    expected = (maps[..., ~dead] * weights).sum(axis=-1)
    np.testing.assert_allclose(ScoreCam().attribute(made.network, IMAGE, 2).cam, expected, rtol=1e-4)


def test_a_value_of_a_map_lies_in_the_middle_of_the_pixels_it_was_made_of(digits: Digits) -> None:
    """Conv2's cell (r, c) reads a conv of 5, a pool of 2 and a conv of 5: 14 pixels a side, from 2 r and 2 c on."""
    rows, columns = digits.network.places("Conv2")
    assert rows == columns == [2 * r + 6.5 for r in range(8)]
    one = GradCam().attribute(digits.network, digits.images[0], 7)
    cam, laid = one.cam, one.values[..., 0]
    for r, c in ((0, 0), (3, 5), (6, 1)):
        around = [[cam[r, c], cam[r, c + 1]], [cam[r + 1, c], cam[r + 1, c + 1]]]
        # Pixel 2 r + 7 is a quarter of the way from the middle of r to that of r + 1.
        weights = np.array([0.75, 0.25])
        assert laid[2 * r + 7, 2 * c + 7] == pytest.approx(weights @ around @ weights, rel=1e-4)
    # The outermost reach a pixel further, half as far as to the next, and are gone two pixels from there.
    assert laid[6, 6] == pytest.approx(cam[0, 0])
    assert laid[22, 21] == pytest.approx(0.75 * cam[-1, -1])
    assert not laid[:4].any()
    assert not laid[:, 24:].any()


def test_a_single_place_is_everywhere() -> None:
    assert (placed(np.array([[3.0]], np.float32), ([4.0], [4.0]), (9, 9)) == 3).all()


def test_score_cam_of_a_layer_that_says_nothing_is_nothing() -> None:
    made = network_of((6, 7, 1), AVERAGED)
    made.model.layers[0].bias.assign(np.full(5, -1e3))
    assert not ScoreCam().attribute(made.network, IMAGE, 0).values.any()


def test_the_layer_is_the_last_that_makes_maps_of_its_own_unless_another_is_named(digits: Digits) -> None:
    one = digits.images[0]
    by_default = GradCam().attribute(digits.network, one, 7).cam
    np.testing.assert_array_equal(by_default, GradCam(layer="Conv2").attribute(digits.network, one, 7).cam)
    assert GradCam(layer="MaxPool1").attribute(digits.network, one, 7).cam.shape == (12, 12)
