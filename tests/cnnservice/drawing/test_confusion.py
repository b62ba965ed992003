from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.confusion import draw_confusion_png, share_colours


def picture_of(counts: NDArray[np.int64], names: list[str] | None = None, scale: int = 2) -> NDArray[np.int64]:
    classes = names or [f"class {number}" for number in range(len(counts))]
    return np.asarray(Image.open(BytesIO(draw_confusion_png(counts, classes, scale=scale)))).astype(int)


def matrix_of(picture: NDArray[np.int64], k: int) -> list[list[NDArray[np.int64]]]:
    """The pixels of each cell: the grid's lines are the only colour (226, 226, 226) that runs on and on."""
    line = (picture == 226).all(axis=2)
    rows = np.flatnonzero(line.sum(axis=1) > picture.shape[1] / 3)
    cols = np.flatnonzero(line.sum(axis=0) > picture.shape[0] / 3)
    spans = []
    for lines in (rows, cols):
        inner = [(first + 1, last) for first, last in pairwise(lines) if last - first > 1]
        side = inner[0][1] - inner[0][0] if inner else 0
        # The first and the last cell have a line on one side alone.
        side = side or 2 * (46 - 1)
        spans.append([(lines[0] - side, lines[0]), *inner, (lines[-1] + 1, lines[-1] + 1 + side)])
    assert [len(span) for span in spans] == [k, k]
    return [[picture[top:bottom, left:right] for left, right in spans[1]] for top, bottom in spans[0]]


def random_counts(k: int) -> NDArray[np.int64]:
    counts = np.random.default_rng(k).poisson(3, (k, k))
    counts[np.arange(k), np.arange(k)] += 50
    return counts


@pytest.mark.parametrize("k", [2, 3, 10, 20, 47, 100])
def test_a_cells_colour_is_its_share_of_its_row(k: int) -> None:
    counts = random_counts(k)
    cells = matrix_of(picture_of(counts), k)
    expected = share_colours(counts / counts.sum(axis=1, keepdims=True))
    for row in range(k):
        for col in range(k):
            # Its corner, where no number is.
            np.testing.assert_array_equal(cells[row][col][0, 0], expected[row, col], err_msg=f"cell {row}, {col}")
            np.testing.assert_array_equal(cells[row][col][-1, -1], expected[row, col], err_msg=f"cell {row}, {col}")


def test_a_larger_share_is_darker() -> None:
    lightness = share_colours(np.linspace(0, 1, 50)).astype(int).sum(axis=1)
    assert (np.diff(lightness) < 0).all()


@pytest.mark.parametrize(("k", "numbers"), [(2, True), (10, True), (20, True), (100, False)])
def test_numbers_stand_where_they_have_room(k: int, numbers: bool) -> None:
    cells = matrix_of(picture_of(random_counts(k)), k)
    inked = [[bool((cell != cell[0, 0]).any()) for cell in row] for row in cells]
    assert np.all(inked) if numbers else not np.any(inked)


def test_numbers_are_white_on_dark_and_dark_on_light() -> None:
    cells = matrix_of(picture_of(np.array([[90, 10], [5, 95]])), 2)
    assert (cells[0][0] == 255).all(axis=2).any()
    assert not (cells[0][1] == 255).all(axis=2).any()
    assert (cells[0][1].sum(axis=2) < 150).any()


def test_every_number_stays_in_its_cell() -> None:
    counts = np.full((10, 10), 88888)
    cells = matrix_of(picture_of(counts), 10)
    for row in cells:
        for cell in row:
            assert (cell != cell[0, 0]).any()
            frame = np.concatenate([cell[0], cell[-1], cell[:, 0], cell[:, -1]])
            assert (frame == cell[0, 0]).all()


def test_rows_are_true_and_columns_predicted() -> None:
    counts = np.zeros((3, 3), int)
    counts[0, 2] = 7
    cells = matrix_of(picture_of(counts), 3)
    np.testing.assert_array_equal(cells[0][2][0, 0], share_colours(np.array(1.0)))
    np.testing.assert_array_equal(cells[2][0][0, 0], share_colours(np.array(0.0)))


def test_a_class_that_never_came_is_light() -> None:
    counts = np.array([[0, 0], [1, 9]])
    cells = matrix_of(picture_of(counts), 2)
    np.testing.assert_array_equal(cells[0][0][0, 0], share_colours(np.array(0.0)))


@pytest.mark.parametrize(
    "names",
    [["a", "b"], ["T-shirt/top", "Ankle boot"], ["x" * 200, "a name of a class that goes on and on and on"], ["", "b"]],
)
def test_names_of_any_length_stay_within_the_picture(names: list[str]) -> None:
    picture = picture_of(np.array([[9, 1], [2, 8]]), names)
    assert max(picture.shape) < 800
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 255).all()


@pytest.mark.parametrize("scale", [1, 3])
def test_scale_enlarges_all_of_it(scale: int) -> None:
    height, width, _ = picture_of(random_counts(10), scale=scale).shape
    ones = picture_of(random_counts(10), scale=1).shape
    assert abs(height - scale * ones[0]) < 20
    assert abs(width - scale * ones[1]) < 20


def test_a_thousand_classes_are_a_picture_too() -> None:
    assert max(picture_of(np.eye(1000, dtype=int)).shape) < 5000
