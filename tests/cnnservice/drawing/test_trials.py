"""Curves of trials: the best in colours, told by their values."""

from __future__ import annotations

from cnnservice.drawing.axes import COLOURS
from cnnservice.drawing.trials import TrialCurve, described, trials_plot


def test_the_best_have_colours_and_names_and_the_others_lie_behind_them() -> None:
    count = len(COLOURS) + 2
    # The higher the number, the better.
    trials = [TrialCurve(n, {"/seed": n}, [1, 2], [n, n + 0.5], count - n) for n in range(count)]
    trials.append(TrialCurve(count, {"/seed": count}, [], [], None))
    (panel,), keys = trials_plot(trials, "val_categorical_accuracy")
    assert [key.name for key in keys] == [*(f"#{n} seed {n}" for n in range(count - 1, 1, -1)), "others"]
    assert [key.colour for key in keys[:-1]] == list(COLOURS)
    assert len(panel.curves) == count
    assert (panel.curves[-1].values, panel.curves[-1].colour) == ([count - 1, count - 0.5], COLOURS[0])
    assert {curve.colour for curve in panel.curves[:2]} == {keys[-1].colour}
    assert panel.y_label == "val accuracy"


def test_values_are_told_shortly() -> None:
    values = {"/compile/optimizer/learning_rate": 0.0316227766, "/architecture": {"layers": [{"type": "dense"}] * 9}}
    assert described(values) == 'learning_rate 0.03162, architecture {"layers": [{"type": "dense"}, …'
