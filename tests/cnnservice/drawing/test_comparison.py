import math
from xml.etree import ElementTree

import pytest

from cnnservice.drawing.comparison import Run, comparison_plot
from cnnservice.drawing.plot import draw_plot_png, draw_plot_svg

SVG = "{http://www.w3.org/2000/svg}"


def run(name: str, epochs: int = 5, **metrics: list[float]) -> Run:
    usual = {
        metric: [factor * math.exp(-epoch) for epoch in range(epochs)]
        for factor, metric in enumerate(
            ["loss", "categorical_accuracy", "val_loss", "val_categorical_accuracy"], start=1
        )
    }
    return Run(name, range(1, epochs + 1), metrics or usual)


def strokes(svg: str) -> list[tuple[str, bool]]:
    lines = ElementTree.fromstring(svg).iter(SVG + "polyline")
    return [(line.attrib["stroke"], "stroke-dasharray" in line.attrib) for line in lines]


def test_a_colour_is_a_run_and_dashes_are_validation() -> None:
    panels, keys = comparison_plot([run("a"), run("b", epochs=9)])
    assert [panel.title for panel in panels] == ["Loss by epoch", "Accuracy by epoch"]
    drawn = strokes(draw_plot_svg(panels, keys=keys))
    a, b = drawn[0][0], drawn[2][0]
    assert a != b
    assert drawn == [(a, False), (a, True), (b, False), (b, True)] * 2


def test_the_legend_names_runs_and_says_what_dashes_are() -> None:
    runs = [run(f"run {number}") for number in range(8)]
    panels, keys = comparison_plot(runs)
    assert [key.name for key in keys] == [*(one.name for one in runs), "training", "validation"]
    assert [key.dashed for key in keys] == [False] * 9 + [True]
    assert len({key.colour for key in keys[:8]}) == 8
    for number, key in enumerate(keys[:8]):
        assert {curve.colour for panel in panels for curve in panel.curves[2 * number : 2 * number + 2]} == {key.colour}
    told = [text.text for text in ElementTree.fromstring(draw_plot_svg(panels, keys=keys)).iter(SVG + "text")]
    assert set(told) >= {key.name for key in keys}


def test_runs_with_other_metrics_have_panels_of_their_own() -> None:
    panels, _ = comparison_plot([run("a"), run("b", loss=[1.0] * 5, top_k_accuracy=[0.1] * 5)])
    assert [panel.y_label for panel in panels] == ["loss", "accuracy", "top k accuracy"]
    assert [len(panel.curves) for panel in panels] == [3, 2, 1]


@pytest.mark.parametrize("runs", [[], [Run("not begun", [], {"loss": []})]])
def test_runs_without_epochs_are_said_to_have_none(runs: list[Run]) -> None:
    panels, keys = comparison_plot(runs)
    assert "no epochs yet" in draw_plot_svg(panels, keys=keys)
    assert draw_plot_png(panels, keys=keys).startswith(b"\x89PNG")
