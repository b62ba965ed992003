"""docs/python.md holds: each of its blocks runs as a notebook would run it, with fewer epochs and images."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from cnnservice.client import Client
from live import Stack

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
HEAD = ROOT / "cnnservice" / "datasets" / "mnist_head.npz"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
FEWER = "epochs=2, train_samples=192, test_samples=64"


def test_every_block_of_the_page_runs_and_what_it_ends_with_shows_itself(
    stack: Stack, service: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    head = np.load(HEAD)
    images = {name: head[name][:200] for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez("my_digits.npz", **images)
    names: dict[str, Any] = {}
    shown = [_run(block.replace("http://127.0.0.1:8000", stack.url), names) for block in BLOCKS]
    list(names["small"].watch())  # a job that is told to stop does so at its next batch
    service.dataset("my_digits").delete()
    assert [kind for kind in shown if kind != "text/plain"].count("text/html") == 2
    assert shown.count("image/png") == 9
    assert Path("cnn.onnx").stat().st_size > 0
    assert names["conv1"].activations(names["digit"]).array.shape == (32, 24, 24)
    assert Image.open(names["conv1"].animation(count=1).save("conv1.gif")).n_frames == 3


def test_the_page_has_every_cell_of_the_notebook() -> None:
    cells = {int(number) for text in re.findall(r"[Cc]ells? ([\d, and]+)", PAGE) for number in re.findall(r"\d+", text)}
    assert cells == set(range(1, 21))


def _run(block: str, names: dict[str, Any]) -> str:
    """Run a block; returns as what a notebook would show its last line."""
    tree = ast.parse(re.sub(r"\bepochs=\d+", FEWER, block))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "docs/python.md", "exec"), names)
    if not isinstance(last, ast.Expr):
        return "text/plain"
    shown, _ = DisplayFormatter().format(eval(compile(ast.Expression(last.value), "docs/python.md", "eval"), names))
    return next((kind for kind in ("image/png", "text/html") if kind in shown), "text/plain")
