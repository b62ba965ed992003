from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.classes import class_colours
from cnnservice.drawing.scatter import PADDING, SIDE, draw_scatter_png, fitted, picture_size

DIGITS = [str(digit) for digit in range(10)]


def picture_of(points: NDArray[Any], labels: Any, classes: list[str] = DIGITS, **changes: Any) -> NDArray[np.uint8]:
    png = draw_scatter_png(
        np.asarray(points, float), np.asarray(labels), classes, **{"title": "FC1", "scale": 1, **changes}
    )
    return np.asarray(Image.open(BytesIO(png)))


def square_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What lies within the frame."""
    frame = (picture == [208, 211, 216]).all(axis=2)
    (rows,), (cols,) = (np.nonzero(frame.sum(axis=axis) > SIDE / 2) for axis in (1, 0))
    square = picture[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    assert square.shape == (SIDE, SIDE, 3)
    return square


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_a_point_lies_where_it_should_in_the_colour_of_its_class(scale: float) -> None:
    points = np.array([[0, 0], [2, 0], [0, 1], [1, 0.5]]) * scale
    labels = [0, 3, 7, 9]
    square = square_of(picture_of(points, labels))
    first, last, middle = PADDING, SIDE - PADDING, SIDE / 2
    quarter = (last - first) / 4
    expected = [(first, middle + quarter), (last, middle + quarter), (first, middle - quarter), (middle, middle)]
    for (x, y), label in zip(expected, labels, strict=True):
        assert (square[round(y), round(x)] == class_colours(10)[label]).all(), (x, y)


def test_both_axes_have_one_scale() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)) * [7, 1] + 20
    places = fitted(points)
    flipped = points * [1, -1]
    ratio = np.linalg.norm(places[1:] - places[0], axis=1) / np.linalg.norm(flipped[1:] - flipped[0], axis=1)
    np.testing.assert_allclose(ratio, ratio[0])
    assert places[:, 0].min() == pytest.approx(PADDING)
    assert places[:, 0].max() == pytest.approx(SIDE - PADDING)


def test_points_that_are_all_one_lie_in_the_middle() -> None:
    square = square_of(picture_of(np.full((5, 2), 3.0), [4] * 5))
    assert (square[SIDE // 2, SIDE // 2] == class_colours(10)[4]).all()


def test_the_legend_has_the_colour_of_every_class() -> None:
    picture = picture_of([[0, 0], [1, 1]], [0, 1])
    beside = picture[:, -40:].reshape(-1, 3)
    for colour in class_colours(10):
        assert (beside == colour).all(axis=1).sum() > 20, colour


def test_ten_colours_are_far_from_each_other_and_from_white() -> None:
    colours = np.vstack([class_colours(10).astype(int), [[255, 255, 255]]])
    apart = np.linalg.norm(colours[:, None] - colours, axis=2)
    assert apart[~np.eye(11, dtype=bool)].min() > 60
    assert len({tuple(colour) for colour in class_colours(300).tolist()}) > 290


@pytest.mark.parametrize("count", [2, 10, 11, 100, 1000])
@pytest.mark.parametrize("scale", [1, 2])
def test_any_number_of_classes_has_a_picture_of_the_size_told(count: int, scale: int) -> None:
    classes = [f"a class with a long name, number {number}" for number in range(count)]
    labels = np.arange(40) % count
    picture = picture_of(
        np.random.default_rng(0).normal(size=(40, 2)), labels, classes, title="x" * 300, note="y" * 300, scale=scale
    )
    width, height = picture_size(classes, scale=scale)
    assert picture.shape == (height, width, 3)
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 255).all()
