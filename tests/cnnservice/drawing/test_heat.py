"""Heat by hand: where colours end, what 0 looks like, and what is seen through it."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from cnnservice.drawing.colormaps import UnknownColormap
from cnnservice.drawing.heat import heat, one_plane, overlay, taken

VALUES = np.array([[[-2.0, 0.0], [1.0, 4.0]]], np.float32)


def colours(cmap: str, units: list[list[float]]) -> np.ndarray:
    return matplotlib.colormaps[cmap](np.array(units, np.float32), bytes=True)[None, ..., :3]


def test_signed_values_lie_around_the_colormaps_middle() -> None:
    np.testing.assert_array_equal(
        heat(VALUES, "signed", clip=100, cmap="bwr"), colours("bwr", [[0.25, 0.5], [0.625, 1.0]])
    )


def test_other_values_begin_where_the_colormap_does() -> None:
    drawn = heat(taken(VALUES, "absolute"), "absolute", clip=100, cmap="inferno")
    np.testing.assert_array_equal(drawn, colours("inferno", [[0.5, 0.0], [0.25, 1.0]]))
    drawn = heat(taken(VALUES, "positive"), "positive", clip=100, cmap="inferno")
    np.testing.assert_array_equal(drawn, colours("inferno", [[0.0, 0.0], [0.25, 1.0]]))


def test_the_colours_end_at_the_percentile() -> None:
    values = np.ones((1, 10, 10), np.float32)
    values[0, 0, 0] = 1000
    drawn = heat(values, "absolute", clip=99, cmap="gray")
    assert (drawn > 20).all(), "the outlier does not leave the others dark"
    assert (heat(values, "absolute", clip=100, cmap="gray")[0, 1:] == 0).all()


def test_a_map_with_few_values_is_seen_though_its_percentile_is_0() -> None:
    values = np.zeros((1, 20, 20), np.float32)
    values[0, 3, 3] = 5
    assert heat(values, "absolute", clip=99, cmap="gray")[0, 3, 3].tolist() == [255, 255, 255]


def test_zeros_are_the_image_alone() -> None:
    image = np.array([[0, 255], [100, 50]], np.uint8)[..., np.newaxis]
    grey = overlay(image, np.zeros((1, 2, 2), np.float32), "signed", clip=99, cmap="bwr")[0]
    assert grey[..., 0].argsort(axis=None).tolist() == image[..., 0].argsort(axis=None).tolist()
    assert (grey == grey[..., :1]).all()


def test_heat_covers_the_more_the_stronger_it_is() -> None:
    image = np.full((1, 3, 1), 128, np.uint8)
    red = overlay(image, np.array([[[0.0, 0.5, 1.0]]], np.float32), "signed", clip=100, cmap="bwr")[0, 0].astype(int)
    redness = red[:, 0] - red[:, 2]
    assert redness[0] == 0 < redness[1] < redness[2]


def test_colours_become_one_plane_by_their_sum_or_by_what_is_furthest_from_0() -> None:
    values = np.array([[[1.0, -3.0, 0.5]]], np.float32)
    assert one_plane(values, signed=True).tolist() == [[-1.5]]
    assert one_plane(values, signed=False).tolist() == [[-3.0]]


def test_an_unknown_colormap_is_refused() -> None:
    with pytest.raises(UnknownColormap):
        heat(VALUES, "signed", clip=99, cmap="jet")
