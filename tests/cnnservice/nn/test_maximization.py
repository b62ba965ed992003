"""The input a filter prefers, against what can be known of it beforehand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.maximization import Maximizer
from cnnservice.nn.training import Samples
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.maximization import Maximization
from cnnservice.specs.presets import preset

BOUNDS = Normalizer("minus_one_one").bounds()
PLAIN = {"jitter": 0, "blur": 0}
# Steps and decay of one size: pixels settle where decay and slope are even, the strongest at the end of the range.
SETTLED = Maximization(objective="unit", learning_rate=0.1, decay=0.1, **PLAIN)


def model(*layers: dict[str, Any], shape: tuple[int, int, int] = (12, 12, 1), seed: int = 0) -> WarmModel:
    keras.utils.set_random_seed(seed)
    return WarmModel(Architecture.model_validate({"layers": layers}), shape)


def correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def roughness(images: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(images, axis=1)).mean() + np.abs(np.diff(images, axis=2)).mean())


@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_unit_of_the_first_convolution_prefers_is_its_kernel(channels: int) -> None:
    conv = {"type": "conv2d", "name": "Conv", "filters": 4, "kernel_size": [5, 4], "activation": "relu"}
    network = model(conv, shape=(12, 12, channels))
    found = Maximizer(network, "Conv", BOUNDS).run(range(4), SETTLED).images
    kernel = network.keras_model.get_layer("Conv").kernel.numpy()
    for index in range(4):
        # The map is 8 by 9, its middle (4, 4).
        assert correlation(found[index, 4:9, 4:8], kernel[..., index]) > 0.999
    assert np.abs(found[:, :4]).max() < 1e-4  # what the unit does not see has decayed


def test_what_a_dense_unit_prefers_are_its_weights() -> None:
    network = model({"type": "flatten"}, {"type": "dense", "name": "Units", "units": 3, "activation": "sigmoid"})
    found = Maximizer(network, "Units", BOUNDS).run(range(3), SETTLED).images
    weights = network.keras_model.get_layer("Units").kernel.numpy()
    assert all(correlation(found[unit], weights[:, unit]) > 0.999 for unit in range(3))


@pytest.mark.parametrize("objective", ["map", "unit"])
def test_the_objective_is_that_of_the_map_before_its_activation(objective: str) -> None:
    first = {"type": "conv2d", "name": "Conv", "filters": 3, "kernel_size": 3, "activation": "tanh"}
    network = model(first, {"type": "conv2d", "name": "Deep", "filters": 5, "kernel_size": 3, "activation": "relu"})
    how = Maximization(objective=objective, steps=20)
    found = Maximizer(network, "Deep", BOUNDS).run([1, 4], how)
    conv, deep = (network.keras_model.get_layer(name) for name in ("Conv", "Deep"))
    for image, index, told in zip(found.images, (1, 4), found.end, strict=True):
        seen = np.tanh(conv_by_hand(image, *conv.get_weights()))
        own = conv_by_hand(seen, *deep.get_weights())[..., index]
        by_hand = own[4, 4] if objective == "unit" else np.where(own < 0, own / 10, own).mean()
        np.testing.assert_allclose(told, by_hand, rtol=1e-4, atol=1e-6)
    assert (found.end > found.start).all()


def conv_by_hand(image: NDArray[Any], kernel: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape[:2], axis=(0, 1))
    return np.einsum("yxchw,hwcf->yxf", windows, kernel) + bias


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", None])
def test_of_the_last_layer_it_is_the_logit(activation: str | None) -> None:
    network = model({"type": "flatten"}, {"type": "dense", "name": "Output", "units": 4, "activation": activation})
    found = Maximizer(network, "Output", BOUNDS).run(range(4), Maximization(steps=3))
    logits = network.run(found.images).logits
    assert logits is not None
    np.testing.assert_allclose(found.end, np.diag(logits), rtol=1e-4, atol=1e-6)


def test_a_layer_that_is_an_activation_alone_is_asked_before_it() -> None:
    conv = {"type": "conv2d", "name": "Conv", "filters": 3, "kernel_size": 3}
    for after in ({"type": "activation", "activation": "relu"}, {"type": "relu"}, {"type": "leaky_relu"}):
        network = model(conv, after | {"name": "After"})
        images = [Maximizer(network, name, BOUNDS).run([2], Maximization(steps=5)).images for name in ("Conv", "After")]
        np.testing.assert_array_equal(*images)


def test_a_filters_image_is_the_same_alone_and_among_others() -> None:
    network = model({"type": "conv2d", "name": "Conv", "filters": 70, "kernel_size": 3, "activation": "relu"})
    maximizer, how = Maximizer(network, "Conv", BOUNDS), Maximization(steps=8)
    everything = maximizer.run(range(70), how)
    for chosen in ([69], [5, 40, 3]):
        some = maximizer.run(chosen, how)
        np.testing.assert_array_equal(some.images, everything.images[chosen])
        np.testing.assert_array_equal(some.end, everything.end[chosen])


def test_a_seed_gives_the_same_bits_again_and_another_other_ones() -> None:
    network = model({"type": "conv2d", "name": "Conv", "filters": 2, "kernel_size": 3})
    once, again, other = (
        Maximizer(network, "Conv", BOUNDS).run(range(2), Maximization(steps=8, seed=seed)).images for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_other_weights_in_the_same_model_are_looked_for_anew() -> None:
    conv = {"type": "conv2d", "name": "Conv", "filters": 2, "kernel_size": 3}
    network, other = model(conv), model(conv, seed=1)
    maximizer = Maximizer(network, "Conv", BOUNDS)
    maximizer.run(range(2), Maximization(steps=2))
    weights = {name: variable.numpy() for name, variable in other.variables.items()}
    network.load("other", lambda: weights)
    np.testing.assert_array_equal(
        maximizer.run(range(2), Maximization(steps=8)).images,
        Maximizer(other, "Conv", BOUNDS).run(range(2), Maximization(steps=8)).images,
    )


def test_a_filter_that_is_silent_everywhere_is_still_found_an_input() -> None:
    conv = {"type": "conv2d", "name": "Conv", "filters": 2, "kernel_size": 3, "activation": "relu"}
    network = model(conv)
    network.keras_model.get_layer("Conv").bias.assign([-100, -100])
    found = Maximizer(network, "Conv", BOUNDS).run(range(2), Maximization(steps=20))
    assert found.moved.all()
    assert (found.end > found.start).all()


def test_what_weak_noise_does_not_wake_up_begins_with_stronger() -> None:
    network = model(
        {"type": "conv2d", "name": "Conv", "filters": 1, "kernel_size": 3, "activation": "relu"},
        {"type": "max_pooling2d", "name": "Pool"},
    )
    conv = network.keras_model.get_layer("Conv")
    conv.kernel.assign(np.ones((3, 3, 1, 1)))
    conv.bias.assign([-2.0])  # the sum of nine pixels of weak noise is below 1
    found = Maximizer(network, "Pool", BOUNDS).run([0], Maximization())
    assert found.moved.all()
    assert found.end[0] > 6.0


def test_a_filter_without_any_slope_is_said_not_to_move_and_its_image_is_flat() -> None:
    network = model({"type": "conv2d", "name": "Conv", "filters": 2, "kernel_size": 3})
    kernel = network.keras_model.get_layer("Conv").kernel.numpy()
    network.keras_model.get_layer("Conv").kernel.assign(kernel * [0, 1])
    found = Maximizer(network, "Conv", Normalizer("zero_one").bounds()).run(range(2), Maximization(steps=5))
    assert found.moved.tolist() == [False, True]
    assert (found.images[0] == 0.5).all()
    assert found.images[1].std() > 0


def test_images_stay_within_what_normalised_images_can_be() -> None:
    normalizer = Normalizer("standard", (100.0, 120.0, 130.0), (50.0, 60.0, 70.0))
    low, high = normalizer.bounds()
    conv = {"type": "conv2d", "name": "Conv", "filters": 4, "kernel_size": 3}
    found = Maximizer(model(conv, shape=(9, 9, 3)), "Conv", normalizer.bounds()).run(
        range(4), Maximization(learning_rate=1, decay=0, blur=0)
    )
    images = found.images.reshape(-1, 3)
    np.testing.assert_allclose(images.min(axis=0), low, rtol=1e-5)
    np.testing.assert_allclose(images.max(axis=0), high, rtol=1e-5)


@pytest.mark.parametrize("smoother", [{"blur": 1.0}, {"total_variation": 0.3}, {"jitter": 3}])
def test_blur_total_variation_and_jitter_make_images_smoother(smoother: dict[str, Any]) -> None:
    network = model({"type": "flatten"}, {"type": "dense", "name": "Units", "units": 8})
    maximizer = Maximizer(network, "Units", BOUNDS)
    rough, smooth = (maximizer.run(range(8), Maximization(**PLAIN | more)).images for more in ({}, smoother))
    assert roughness(smooth) < 0.8 * roughness(rough)


def test_decay_makes_images_fainter() -> None:
    network = model({"type": "flatten"}, {"type": "dense", "name": "Units", "units": 2})
    maximizer = Maximizer(network, "Units", BOUNDS)
    strong, faint = (np.abs(maximizer.run(range(2), Maximization(decay=d)).images).mean() for d in (0.0, 0.3))
    assert faint < 0.5 * strong


def test_progress_counts_the_steps_of_all_blocks() -> None:
    network, told = model({"type": "conv2d", "name": "Conv", "filters": 40, "kernel_size": 3}), []
    Maximizer(network, "Conv", BOUNDS).run(range(40), Maximization(steps=3), lambda *pair: told.append(pair))
    assert told == [(step, 6) for step in range(1, 7)]


@pytest.mark.parametrize(
    "name",
    ["cnn", "mlp", "lenet5", *(pytest.param(deep, marks=pytest.mark.full) for deep in ("vgg_small", "resnet20"))],
)
def test_every_layer_of_a_preset_is_climbed(name: str) -> None:
    shape = (28, 28, 1) if name in ("cnn", "mlp", "lenet5") else (16, 16, 3)
    keras.utils.set_random_seed(0)
    network = WarmModel(preset(name, shape, 10), shape)
    for layer in network.names[:: 9 if name == "resnet20" else 3]:
        found = Maximizer(network, layer, BOUNDS).run([0, 1], Maximization(steps=6, jitter=0))
        assert found.images.shape == (2, *shape)
        assert (found.end > found.start).all() or not found.moved.all(), layer


def test_no_image_drives_a_trained_networks_logits_as_far(samples: Samples) -> None:
    keras.utils.set_random_seed(0)
    network = WarmModel(preset("mlp", (28, 28, 1), 10), (28, 28, 1))
    network.keras_model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
    network.keras_model.fit(samples.x_train, samples.y_train, batch_size=32, epochs=15, verbose=0)
    found = Maximizer(network, "FC3", BOUNDS).run(range(10), Maximization(decay=0, **PLAIN))
    logits = network.run(samples.x_train).logits
    assert logits is not None
    assert (found.end > logits.max(axis=0)).all(), (found.end, logits.max(axis=0))
