from xml.etree import ElementTree

import numpy as np
import pytest

from cnnservice.drawing.plot import draw_plot_svg
from cnnservice.drawing.vectors import vector_panels

SVG = "{http://www.w3.org/2000/svg}"


def test_each_vector_is_a_panel_with_a_bar_a_channel() -> None:
    vectors = {"gamma": np.array([1.0, 1.5, 0.5]), "moving_variance": np.array([0.1, 4.0, 2.0])}
    panels = vector_panels(vectors)
    assert [(panel.title, panel.x_label) for panel in panels] == [("gamma", "channel"), ("moving variance", "channel")]
    svg = ElementTree.fromstring(draw_plot_svg(panels, cols=1, height=200))
    assert svg.attrib["height"] == "400"
    bars = [
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in svg.iter(SVG + "polyline")
    ]
    gamma, variance = bars[:3], bars[3:]
    # gamma grows from 1: none, up, and down by as much.
    assert [start[1] - end[1] for start, end in gamma] == pytest.approx(
        [0, gamma[1][0][1] - gamma[1][1][1], gamma[2][0][1] - gamma[2][1][1]]
    )
    assert gamma[1][0][1] - gamma[1][1][1] == pytest.approx(gamma[2][1][1] - gamma[2][0][1], abs=0.02)
    heights = [start[1] - end[1] for start, end in variance]
    assert heights[0] / heights[1] == pytest.approx(0.1 / 4, abs=0.001)
    assert heights[2] / heights[1] == pytest.approx(2 / 4, abs=0.001)
    # Each panel keeps to its row.
    assert all(0 < y < 200 for bar in gamma for _, y in bar)
    assert all(200 < y < 400 for bar in variance for _, y in bar)


def test_a_channel_that_is_not_a_number_has_no_bar() -> None:
    svg = draw_plot_svg(vector_panels({"bias": np.array([1.0, np.nan, 2.0, np.inf])}))
    assert svg.count("<polyline") == 2


@pytest.mark.parametrize("channels", [1, 2, 64, 4096])
def test_bars_stand_side_by_side_within_the_axes(channels: int) -> None:
    svg = ElementTree.fromstring(draw_plot_svg(vector_panels({"bias": np.ones(channels)}), width=480))
    bars = list(svg.iter(SVG + "polyline"))
    assert len(bars) == channels
    xs = [float(bar.attrib["points"].split(",")[0]) for bar in bars]
    width = float(bars[0].attrib["stroke-width"])
    assert xs == sorted(xs)
    assert xs[0] - width / 2 > 40
    assert xs[-1] + width / 2 < 460
    if 1 < channels < 100:
        assert xs[1] - xs[0] > width


def test_a_bias_that_has_not_moved_is_drawn() -> None:
    assert draw_plot_svg(vector_panels({"bias": np.zeros(8)})).count("<polyline") == 8
