"""A warm model takes on other weights, and reads those again that it had no room to remember."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnservice.nn.inference import WarmModel
from cnnservice.specs.architecture import Architecture

LAYERS = [{"type": "flatten"}, {"type": "dense", "name": "out", "units": 3}]
SHAPE = (2, 2, 1)
ONE_EPOCH = 4 * (4 * 3 + 3)
IMAGE = np.arange(4, dtype=np.float32).reshape(1, *SHAPE)


class Epochs:
    """Weights by name, and the order in which they were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def load(self, model: WarmModel, name: str) -> None:
        model.load(name, lambda: self._of(model, name))

    def _of(self, model: WarmModel, name: str) -> dict[str, np.ndarray[Any, Any]]:
        self.read.append(name)
        return {key: np.full(variable.shape, ord(name), np.float32) for key, variable in model.variables.items()}


@pytest.mark.parametrize(
    ("memory_bytes", "read"),
    [
        (0, "abacabc"),
        (2 * ONE_EPOCH - 1, "abacabc"),
        (2 * ONE_EPOCH, "abcbc"),
        (3 * ONE_EPOCH, "abc"),
    ],
)
def test_the_weights_last_used_are_remembered_as_far_as_there_is_room(memory_bytes: int, read: str) -> None:
    model, epochs = (
        WarmModel(Architecture.model_validate({"layers": LAYERS}), SHAPE, memory_bytes=memory_bytes),
        Epochs(),
    )
    for name in "aabacabcc":
        epochs.load(model, name)
        expected = IMAGE.reshape(1, 4) @ np.full((4, 3), ord(name), np.float32) + ord(name)
        np.testing.assert_allclose(model.run(IMAGE).feature_maps["out"], expected)
    assert "".join(epochs.read) == read


def test_what_could_not_be_read_is_not_taken_for_either_epoch() -> None:
    model, epochs = WarmModel(Architecture.model_validate({"layers": LAYERS}), SHAPE), Epochs()
    epochs.load(model, "a")

    def misshapen() -> dict[str, np.ndarray[Any, Any]]:
        return {name: np.zeros((1, *variable.shape), np.float32) for name, variable in model.variables.items()}

    with pytest.raises(ValueError, match="shape"):
        model.load("b", misshapen)
    epochs.load(model, "a")
    assert epochs.read == ["a", "a"]
