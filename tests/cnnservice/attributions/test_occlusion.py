"""Occlusion against one image after the other, covered by hand and shown to Keras."""

from __future__ import annotations

import numpy as np
import pytest

from cnnservice.attributions.occlusion import Occlusion

from .conftest import Array, Digits, Explained, network_of

LAYERS = [
    {"type": "conv2d", "filters": 3, "kernel_size": 3, "activation": "relu"},
    {"type": "flatten"},
    {"type": "dense", "units": 3, "activation": "softmax"},
]
IMAGE = np.random.default_rng(5).uniform(-1, 1, (7, 9, 2)).astype(np.float32)


def by_brute_force(made: Explained, target: int, window: int, stride: int, colour: Array) -> Array:
    score = made.linear(IMAGE[None]).numpy()[0, target]
    falls: list[list[list[float]]] = [[[] for _ in range(9)] for _ in range(7)]
    for row in range(0, 7, stride):
        for col in range(0, 9, stride):
            covered, pixels = IMAGE.copy(), []
            for r in range(row - window // 2, row - window // 2 + window):
                for c in range(col - window // 2, col - window // 2 + window):
                    if 0 <= r < 7 and 0 <= c < 9:
                        covered[r, c] = colour
                        pixels.append((r, c))
            fall = score - made.linear(covered[None]).numpy()[0, target]
            for r, c in pixels:
                falls[r][c].append(fall)
    return np.array([[np.mean(values) if values else 0.0 for values in line] for line in falls])


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (3, 1), (4, 2), (2, 3), (20, 5)])
def test_it_is_the_mean_fall_of_the_score_over_the_windows_that_cover_a_pixel(window: int, stride: int) -> None:
    made = network_of((7, 9, 2), LAYERS)
    found = Occlusion(window=window, stride=stride).attribute(made.network, IMAGE, 1).values[..., 0]
    np.testing.assert_allclose(found, by_brute_force(made, 1, window, stride, np.zeros(2)), atol=1e-4)


def test_what_covers_may_be_the_images_own_mean() -> None:
    made = network_of((7, 9, 2), LAYERS)
    found = Occlusion(window=3, stride=2, baseline="mean").attribute(made.network, IMAGE, 0).values[..., 0]
    np.testing.assert_allclose(found, by_brute_force(made, 0, 3, 2, IMAGE.mean(axis=(0, 1))), atol=1e-4)


def test_covering_background_with_background_costs_nothing(digits: Digits) -> None:
    found = Occlusion(window=1).attribute(digits.network, digits.images[0], 7).values[..., 0]
    empty = digits.pixels[0, ..., 0] == 0
    assert np.abs(found[empty]).max() < 1e-3 < np.abs(found[~empty]).max()
