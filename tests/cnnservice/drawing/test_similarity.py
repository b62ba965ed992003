from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.matrix import Side
from cnnservice.drawing.similarity import draw_similarity_png


def side(count: int, title: str = "layers") -> Side:
    return Side(title, [f"L{number}" for number in range(count)])


def cells_of(values: NDArray[np.floating], **names: Side) -> list[list[NDArray[np.uint8]]]:
    rows, columns = names.get("rows", side(len(values))), names.get("columns", side(values.shape[1]))
    picture = np.asarray(Image.open(BytesIO(draw_similarity_png(values, rows, columns, heading="CKA"))))
    line = (picture == 226).all(axis=2)
    spans = []
    for axis, count in ((1, values.shape[0]), (0, values.shape[1])):
        at = np.flatnonzero(line.sum(axis=axis) > 90)
        (inner,) = {second - first - 1 for first, second in pairwise(at) if second - first > 1}
        starts = sorted({at[0] - inner, *(last + 1 for last, after in pairwise([*at, 10**9]) if after - last > 1)})
        assert len(starts) == count
        spans.append([(start, start + inner) for start in starts])
    return [[picture[top:bottom, left:right] for left, right in spans[1]] for top, bottom in spans[0]]


@pytest.mark.parametrize("shape", [(3, 3), (7, 4), (4, 9), (40, 30)])
def test_a_cells_colour_is_its_value_from_0_to_1(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).uniform(size=shape)
    for row, line in enumerate(cells_of(values)):
        for col, cell in enumerate(line):
            expected = colormap("viridis")[min(int(256 * values[row, col]), 255)]
            np.testing.assert_array_equal(cell[0, 0], expected, err_msg=f"{row}, {col}")


@pytest.mark.parametrize(("count", "numbers"), [(3, True), (15, True), (24, True), (25, False)])
def test_numbers_stand_where_they_have_room(count: int, numbers: bool) -> None:
    cells = cells_of(np.random.default_rng(0).uniform(size=(count, count)))
    inked = [[bool((cell != cell[0, 0]).any()) for cell in line] for line in cells]
    assert np.all(inked) if numbers else not np.any(inked)


def test_what_is_like_nothing_is_grey_with_a_dash() -> None:
    values = np.array([[1.0, np.nan, 0.2], [0.1, np.nan, 0.0], [0.4, 0.3, 0.5]])
    cells = cells_of(values)
    for row in (0, 1):
        assert (cells[row][1][0, 0] == 214).all()
        assert (cells[row][1] != 214).any()
    assert not (cells[2][1][0, 0] == 214).all()


def test_ink_differs_from_what_it_stands_on() -> None:
    for value in np.linspace(0, 1, 21):
        cell = cells_of(np.full((3, 3), value))[1][1].astype(float) @ [0.299, 0.587, 0.114]
        assert np.ptp(cell) > 90, value


@pytest.mark.parametrize("title", ["", "a title which is longer than the side that it stands beside"])
@pytest.mark.parametrize("heading", ["", "CKA of one layer with itself, at one epoch"])
def test_one_cell_is_a_picture_too_and_long_titles_stay_within(title: str, heading: str) -> None:
    png = draw_similarity_png(np.array([[1.0]]), side(1, title), side(1, title), heading=heading)
    picture = np.asarray(Image.open(BytesIO(png)))
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 255).all()
