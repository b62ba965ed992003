from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.histogram import PERCENTILES, histogram_over_epochs, histogram_plot, percentiles_over_epochs
from cnnservice.drawing.plot import draw_plot_png, draw_plot_svg

WEIGHTS = [np.random.default_rng(0).normal(0, 1 + epoch / 10, (5, 5, 3, 8)).astype(np.float32) for epoch in range(6)]
SVG = "{http://www.w3.org/2000/svg}"
epochs_of_numbers = st.lists(
    arrays(np.float32, st.integers(1, 30), elements=st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=4
)


def test_counts_are_numpys_over_the_range_of_all_epochs() -> None:
    edges, counts = histogram_over_epochs(WEIGHTS, 20)
    everything = np.concatenate([values.ravel() for values in WEIGHTS]).astype(np.float64)
    np.testing.assert_array_equal(edges, np.histogram_bin_edges(everything, 20))
    assert counts.shape == (6, 20)
    for values, row in zip(WEIGHTS, counts, strict=True):
        np.testing.assert_array_equal(row, np.histogram(values.astype(np.float64), edges)[0])


@given(epochs_of_numbers, st.integers(1, 40))
def test_every_weight_is_counted_once(values: list[NDArray[np.float32]], bins: int) -> None:
    edges, counts = histogram_over_epochs(values, bins)
    assert len(edges) == bins + 1
    assert (np.diff(edges) > 0).all()
    assert counts.sum(axis=1).tolist() == [one.size for one in values]


def test_what_is_not_finite_is_not_counted() -> None:
    broken = [np.array([0.0, 1.0, np.nan, np.inf]), np.array([-np.inf]), np.array([3.0])]
    edges, counts = histogram_over_epochs(broken, 3)
    assert edges.tolist() == [0, 1, 2, 3]
    assert counts.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert np.isnan(percentiles_over_epochs(broken)[1]).all()


def test_one_value_alone_stands_in_the_middle_of_a_range() -> None:
    edges, counts = histogram_over_epochs([np.zeros(7)], 4)
    assert (edges[0], edges[-1]) == (-0.5, 0.5)
    assert counts.tolist() == [[0, 0, 7, 0]]


def test_nothing_finite_has_empty_bins() -> None:
    edges, counts = histogram_over_epochs([np.array([np.nan])], 4)
    assert (edges[0], edges[-1]) == (0, 1)
    assert counts.tolist() == [[0, 0, 0, 0]]


def test_percentiles_are_numpys() -> None:
    for values, row in zip(WEIGHTS, percentiles_over_epochs(WEIGHTS), strict=True):
        np.testing.assert_allclose(row, np.percentile(values.astype(np.float64), PERCENTILES))


def test_the_picture_is_the_darker_the_more_weights_there_are() -> None:
    # All of epoch 2 is at 0, of epochs 3 half at -1 and half at 1.
    values = [np.zeros(10), np.array([-1.0, 1.0] * 5)]
    panels, keys = histogram_plot("Conv1", [2, 3], values, 5)
    svg = ElementTree.fromstring(draw_plot_svg(panels, keys=keys, width=480))
    (image,) = svg.iter(SVG + "image")
    left, top, width, height = (float(image.attrib[name]) for name in ("x", "y", "width", "height"))
    picture = np.asarray(Image.open(BytesIO(draw_plot_png(panels, keys=keys, width=480))).convert("L")).astype(int)

    def grey(epoch: int, bin_: int) -> int:
        # A quarter into the cell: its middle is crossed by the lines.
        x, y = left + width * (epoch - 2 + 0.75) / 2, top + height * (4 - bin_ + 0.25) / 5
        return int(np.median(picture[int(2 * y) - 2 : int(2 * y) + 3, int(2 * x) - 2 : int(2 * x) + 3]))

    table = [[grey(epoch, bin_) for bin_ in range(5)] for epoch in (2, 3)]
    assert table[0][2] < 80, table
    # Shades go by the square root: half as many weights are seven tenths as dark.
    for bin_ in (0, 4):
        assert abs((255 - table[1][bin_]) / (255 - table[0][2]) - np.sqrt(0.5)) < 0.03, table
    assert [table[0][bin_] for bin_ in (0, 1, 3, 4)] == [255] * 4, table


def test_the_lines_are_the_percentiles() -> None:
    panels, keys = histogram_plot("Conv1", range(6), WEIGHTS)
    drawn = percentiles_over_epochs(WEIGHTS).T
    assert len(panels[0].curves) == len(drawn)
    for curve, values in zip(panels[0].curves, drawn, strict=True):
        np.testing.assert_array_equal(np.array(curve.values, float), values)
    told = [text.text for text in ElementTree.fromstring(draw_plot_svg(panels, keys=keys)).iter(SVG + "text")]
    assert {"median", "5 and 95 % of the weights", "smallest and largest", "Conv1", "weight", "epoch"} <= set(told)


def test_epochs_left_out_are_white() -> None:
    (panel,), _ = histogram_plot("Conv1", [0, 3], [WEIGHTS[0], WEIGHTS[3]], 8)
    assert panel.heat is not None
    assert panel.heat.shares.shape == (4, 8)
    assert panel.heat.shares[1:3].sum() == 0
    np.testing.assert_allclose(panel.heat.shares[[0, 3]].sum(axis=1), 1)


@pytest.mark.parametrize("values", [[], [np.array([np.nan])]])
def test_nothing_to_show_is_said(values: list[NDArray[np.float64]]) -> None:
    panels, keys = histogram_plot("Conv1", range(len(values)), values)
    said = "no finite values" if values else "no epochs yet"
    assert said in draw_plot_svg(panels, keys=keys)
    assert draw_plot_png(panels, keys=keys).startswith(b"\x89PNG")
