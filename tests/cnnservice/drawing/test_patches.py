"""What a unit sees of an image, cut out or made to stand out."""

from __future__ import annotations

import numpy as np

from cnnservice.drawing.patches import OUTSIDE, cut_patches, fade_around

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 7, 3), dtype=np.uint8)


def test_a_window_within_the_image_is_cut_out() -> None:
    patches = cut_patches(IMAGES, [(1, 2, 4, 6), (0, 0, 3, 4)])
    np.testing.assert_array_equal(patches, [IMAGES[0, 1:4, 2:6], IMAGES[1, :3, :4]])


def test_what_lies_outside_is_grey() -> None:
    above, right = cut_patches(IMAGES, [(-2, 0, 2, 4), (2, 5, 6, 9)])
    assert (above[:2] == OUTSIDE).all()
    np.testing.assert_array_equal(above[2:], IMAGES[0, :2, :4])
    assert (right[:, 2:] == OUTSIDE).all()
    np.testing.assert_array_equal(right[:, :2], IMAGES[1, 2:6, 5:])


def test_of_a_window_longer_than_the_image_the_whole_side_is_shown() -> None:
    patches = cut_patches(IMAGES, [(-20, 1, 20, 3), (-1, 0, 6, 2)])
    np.testing.assert_array_equal(patches, [IMAGES[0, :, 1:3], IMAGES[1, :, :2]])


def test_a_smaller_window_has_a_place_as_large_as_the_largest() -> None:
    small, _ = cut_patches(IMAGES, [(0, 0, 2, 2), (0, 0, 3, 5)])
    np.testing.assert_array_equal(small[:2, :2], IMAGES[0, :2, :2])
    assert (small[2:] == OUTSIDE).all()
    assert (small[:, 2:] == OUTSIDE).all()


def test_around_a_box_an_image_is_half_as_strong() -> None:
    faded = fade_around(IMAGES, [(1, 2, 4, 6), (0, 0, 6, 7)])
    np.testing.assert_array_equal(faded[0, 1:4, 2:6], IMAGES[0, 1:4, 2:6])
    np.testing.assert_array_equal(faded[0, 0], (IMAGES[0, 0].astype(int) + OUTSIDE) // 2)
    np.testing.assert_array_equal(faded[1], IMAGES[1])
