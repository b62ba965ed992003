import math
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageColor

from cnnservice.drawing.axes import Curve, Key, Panel, nice_ticks
from cnnservice.drawing.plot import draw_plot_png, draw_plot_svg

SVG = "{http://www.w3.org/2000/svg}"
EPOCHS = range(1, 31)
LOSS = Curve("training", EPOCHS, [2 * math.exp(-epoch / 4) + 0.1 for epoch in EPOCHS])
VAL_LOSS = Curve("validation", EPOCHS, [1.9 * math.exp(-epoch / 4) + 0.2 for epoch in EPOCHS], dashed=True)
ACCURACY = Curve("training", EPOCHS, [1 - 0.7 * math.exp(-epoch / 5) for epoch in EPOCHS])
VAL_ACCURACY = Curve("validation", EPOCHS, [0.97 - 0.65 * math.exp(-epoch / 5) for epoch in EPOCHS], dashed=True)
PANELS = [
    Panel("Loss by epoch", "loss", [LOSS, VAL_LOSS]),
    Panel("Accuracy by epoch", "accuracy", [ACCURACY, VAL_ACCURACY]),
]
numbers = st.floats(-1e30, 1e30)
tiny_or_usual = numbers | st.floats(-2, 2) | st.floats(0, 1e-6)


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(SVG + tag))


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in elements(svg, "text")]


def polylines(svg: str) -> list[list[tuple[float, float]]]:
    pairs = [[point.split(",") for point in line.attrib["points"].split()] for line in elements(svg, "polyline")]
    return [[(float(x), float(y)) for x, y in line] for line in pairs]


def scale_of(svg: str, axis: str, width: int) -> Callable[[float], float]:
    """Pixels to numbers, by the outermost ticks of the only panel: what a reader with a ruler does."""
    anchor = {"x": "middle", "y": "end"}[axis]
    ticks = [
        (float(tick.attrib[axis]), float(tick.text or ""))
        for tick in elements(svg, "text")
        if tick.attrib.get("text-anchor") == anchor and (tick.text or "").replace(".", "").replace("-", "").isdigit()
    ]
    (low_at, low), (high_at, high) = min(ticks), max(ticks)
    return lambda at: low + (at - low_at) / (high_at - low_at) * (high - low)


def pixels(png: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def near(picture: NDArray[np.int64], colour: str, x: float, y: float, radius: int = 2) -> bool:
    """Whether a pixel about (x, y) has nearly that colour."""
    patch = picture[max(0, int(y) - radius) : int(y) + radius + 1, max(0, int(x) - radius) : int(x) + radius + 1]
    return bool((np.abs(patch - ImageColor.getrgb(colour)).max(axis=-1) < 40).any())


def test_points_read_off_the_ticks_are_the_values() -> None:
    svg = draw_plot_svg([Panel("Loss", "loss", [LOSS, VAL_LOSS])], width=480)
    across, up = scale_of(svg, "x", 480), scale_of(svg, "y", 480)
    for curve, line in zip([LOSS, VAL_LOSS], polylines(svg), strict=True):
        np.testing.assert_allclose(np.array([across(x) for x, _ in line]), np.array(curve.epochs), atol=0.01)
        np.testing.assert_allclose(np.array([up(y) for _, y in line]), np.array(curve.values, float), atol=0.001)


def test_training_is_solid_and_validation_dashed_in_colours_that_differ_in_lightness_too() -> None:
    lines = elements(draw_plot_svg(PANELS), "polyline")
    assert ["stroke-dasharray" in line.attrib for line in lines] == [False, True, False, True]
    assert [line.attrib["stroke"] for line in lines] == ["#1f77b4", "#d95f02"] * 2


def test_it_names_panels_axes_and_curves() -> None:
    assert set(texts(draw_plot_svg(PANELS))) >= {
        *("Loss by epoch", "Accuracy by epoch", "loss", "accuracy", "epoch", "training", "validation"),
        *("5", "30", "0.0", "1.0"),
    }


def test_panels_stand_side_by_side_within_the_picture() -> None:
    loss, _, accuracy, _ = polylines(draw_plot_svg(PANELS, width=700, height=300))
    assert 0 < min(x for x, _ in loss) < max(x for x, _ in loss) < 350
    assert 350 < min(x for x, _ in accuracy) < max(x for x, _ in accuracy) < 700
    assert all(0 < y < 300 for _, y in loss + accuracy)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_png_has_line_pixels_where_the_svg_says(scale: int) -> None:
    svg, picture = draw_plot_svg(PANELS), pixels(draw_plot_png(PANELS, scale=scale))
    assert picture.shape == (380 * scale, 960 * scale, 3)
    for element, line in zip(elements(svg, "polyline"), polylines(svg), strict=True):
        colour, dashed = element.attrib["stroke"], "stroke-dasharray" in element.attrib
        # Between epochs, and where the two curves are apart: nothing is drawn over what is looked for.
        middles = [((x0 + x1) / 2, (y0 + y1) / 2) for (x0, y0), (x1, y1) in pairwise(line)][10:]
        hits = [near(picture, colour, x * scale, y * scale, radius=scale) for x, y in middles]
        share = sum(hits) / len(hits)
        assert (0.4 < share < 1) if dashed else share == 1, f"{colour}: {share:.0%} of {len(hits)} points"
        assert not any(near(picture, colour, x * scale, (y - 12) * scale, radius=scale) for x, y in middles)


def test_png_is_white_and_says_the_same_each_time() -> None:
    picture = pixels(draw_plot_png(PANELS))
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 255).all()
    assert (picture == 255).all(axis=-1).mean() > 0.9
    assert draw_plot_png(PANELS) == draw_plot_png(PANELS)


def test_one_epoch_is_a_marker() -> None:
    panel = Panel("Loss", "loss", [Curve("training", [1], [1.6455]), Curve("validation", [1], [1.6466], dashed=True)])
    circles, picture = elements(draw_plot_svg([panel]), "circle"), pixels(draw_plot_png([panel]))
    assert len(circles) == 2
    for circle in circles:
        x, y = float(circle.attrib["cx"]), float(circle.attrib["cy"])
        assert near(picture, circle.attrib["fill"], 2 * x, 2 * y, radius=0)
    assert texts(draw_plot_svg([panel])).count("1") == 1


@pytest.mark.parametrize("curves", [[], [Curve("training", [], [])]], ids=["no curves", "an empty curve"])
def test_no_epochs_are_said_in_both(curves: list[Curve]) -> None:
    panel = Panel("Loss", "loss", curves)
    assert "no epochs yet" in texts(draw_plot_svg([panel]))
    middle = pixels(draw_plot_png([panel], width=480))[320:380, 300:700]
    assert (middle < 160).any(), "no text in the middle of the picture"


def test_a_loss_that_was_never_finite_is_not_called_no_epochs() -> None:
    assert "no finite values" in texts(draw_plot_svg([Panel("Loss", "loss", [Curve("training", [1], [math.nan])])]))


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_what_is_not_a_number_is_a_gap(missing: float | None) -> None:
    values = [1.0, 0.8, missing, 0.5, missing, 0.4, 0.3]
    svg = draw_plot_svg([Panel("Loss", "loss", [Curve("training", range(1, 8), values)])])
    assert [len(line) for line in polylines(svg)] == [2, 1, 2]
    assert len(elements(svg, "circle")) == 1
    picture = pixels(draw_plot_png([Panel("Loss", "loss", [Curve("training", range(1, 8), values)])]))
    (_, (x0, y0)), ((x1, y1),), _ = polylines(svg)
    assert not near(picture, "#1f77b4", x0 + x1, y0 + y1)


def test_text_is_escaped() -> None:
    name = "<b>&\"'</b>"
    svg = draw_plot_svg([Panel(name, name, [Curve(name, [1, 2], [1.0, 2.0])])])
    assert texts(svg).count(name) == 3


@given(tiny_or_usual, tiny_or_usual, st.integers(1, 10))
def test_ticks_are_round_even_and_about_the_range(a: float, b: float, steps: int) -> None:
    low, high = min(a, b), max(a, b)
    ticks = nice_ticks(low, high, steps=steps)
    assert 2 <= len(ticks) <= steps + 4
    gaps = [after - before for before, after in pairwise(ticks)]
    assert min(gaps) > 0
    size = max(abs(ticks[0]), abs(ticks[-1]))
    assert max(gaps) - min(gaps) <= 1e-12 * size
    slack = 1e-8 * max(gaps) + 1e-9 * size
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    mantissa = float(f"{min(gaps):.3e}".split("e")[0])
    assert min(abs(mantissa - round_one) for round_one in (1, 2, 5, 10)) < 0.01 + 1e-12 * size / min(gaps)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_epochs_ticks_are_whole_and_distinct(first: int, more: int) -> None:
    ticks = nice_ticks(first, first + more, steps=8, whole=True)
    assert all(tick == int(tick) for tick in ticks)
    assert len(set(ticks)) == len(ticks)
    assert any(first <= tick <= first + more for tick in ticks)


@given(st.lists(tiny_or_usual | st.none() | st.just(math.nan), max_size=12))
def test_any_values_are_drawn_within_the_axes_with_ticks_that_differ(values: list[float | None]) -> None:
    svg = draw_plot_svg([Panel("Loss", "loss", [Curve("training", range(len(values)), values)])], width=480)
    drawn = [point for line in polylines(svg) for point in line]
    assert len(drawn) == sum(value is not None and math.isfinite(value) for value in values)
    assert all(0 < x <= 460 and 40 <= y <= 331 for x, y in drawn)
    y_texts = [text.text for text in elements(svg, "text") if text.attrib.get("text-anchor") == "end"]
    assert len(set(y_texts)) == len(y_texts), y_texts
    assert all(len(text or "") <= 16 for text in y_texts), y_texts


def test_panels_stand_in_rows_of_so_many_columns() -> None:
    three = [Panel(f"panel {number}", "loss", [LOSS]) for number in range(3)]
    first, second, third = polylines(draw_plot_svg(three, width=600, height=200, cols=2))
    assert all(x < 300 and y < 200 for x, y in first)
    assert all(x > 300 and y < 200 for x, y in second)
    assert all(x < 300 and 200 < y < 400 for x, y in third)
    assert pixels(draw_plot_png(three, width=600, height=200, cols=2)).shape == (800, 1200, 3)


def test_a_curve_has_the_colour_it_is_given() -> None:
    panel = Panel("Loss", "loss", [Curve("a", EPOCHS, LOSS.values, colour="#123456"), VAL_LOSS])
    assert [line.attrib["stroke"] for line in elements(draw_plot_svg([panel]), "polyline")] == ["#123456", "#d95f02"]


def test_a_curve_without_a_name_is_not_in_the_legend() -> None:
    nameless = Panel("Loss", "loss", [Curve("", EPOCHS, LOSS.values), VAL_LOSS])
    # The legend's lines are the only ones drawn to the right by so much and no more.
    assert sum(path.attrib["d"].endswith("h28") for path in elements(draw_plot_svg([nameless]), "path")) == 1


@pytest.mark.parametrize("count", [1, 4, 10])
def test_keys_stand_below_the_panels_within_the_picture(count: int) -> None:
    keys = [Key(f"a run with number {number}", "#d95f02", dashed=number % 2 == 1) for number in range(count)]
    svg = draw_plot_svg(PANELS, keys=keys)
    height = int(elements(svg, "rect")[0].attrib["height"])
    assert height > 380
    places = [
        (float(text.attrib["x"]), float(text.attrib["y"]))
        for text in elements(svg, "text")
        if (text.text or "").startswith("a run")
    ]
    assert len(set(places)) == count
    assert all(0 < x < 820 and 380 < y < height for x, y in places)
    picture = pixels(draw_plot_png(PANELS, keys=keys))
    assert picture.shape == (2 * height, 1920, 3)
    for x, y in places:
        assert near(picture, "#d95f02", 2 * (x - 33), 2 * y), f"no line at {x}, {y}"
        assert (picture[int(2 * y) - 8 : int(2 * y) + 8, int(2 * x) : int(2 * x) + 100] < 128).any(), "no name"
