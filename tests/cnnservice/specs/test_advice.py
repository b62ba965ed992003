"""What is allowed but will probably not do what was meant is said."""

from __future__ import annotations

from typing import Any

import pytest

from cnnservice.specs.advice import advise
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import Compile
from cnnservice.specs.presets import PRESETS

CONV: dict[str, Any] = {"type": "conv2d", "name": "Conv1", "filters": 4, "kernel_size": 3}
RELU = {**CONV, "activation": "relu"}
SOFTMAX: dict[str, Any] = {"type": "dense", "name": "Out", "units": 10, "activation": "softmax"}
FLATTEN = {"type": "flatten"}


def codes(*layers: dict[str, Any], **compile_settings: Any) -> list[tuple[str, str]]:
    architecture = Architecture.model_validate({"layers": layers})
    told = advise(architecture, (28, 28, 1), Compile.model_validate(compile_settings))
    return [(warning.code, warning.pointer) for warning in told]


def test_a_sound_network_gets_no_advice() -> None:
    assert codes(RELU, {"type": "max_pooling2d"}, FLATTEN, SOFTMAX) == []


def test_the_notebooks_own_network_has_a_sigmoid_under_categorical_crossentropy() -> None:
    told = advise(PRESETS["cnn"].build((28, 28, 1), 10), (28, 28, 1), Compile())
    assert [(warning.code, warning.pointer) for warning in told] == [("sigmoid-output", "/architecture/layers/6")]
    assert "binary_crossentropy" in told[0].detail


@pytest.mark.parametrize("name", [name for name in PRESETS if not name.startswith("cnn")])
def test_the_other_presets_need_none(name: str) -> None:
    shape = PRESETS[name].made_for
    assert advise(PRESETS[name].build(shape, 10), shape, Compile()) == ()


@pytest.mark.parametrize(
    ("initializer", "code"),
    [
        ("zeros", "weights-all-zero"),
        ({"name": "constant", "value": 0}, "weights-all-zero"),
        ("ones", "weights-all-equal"),
        ({"name": "constant", "value": 0.5}, "weights-all-equal"),
        ("random_uniform", None),
        ({"name": "random_normal", "stddev": 0.1}, None),
    ],
)
def test_weights_that_begin_alike_are_named(initializer: object, code: str | None) -> None:
    told = codes({**RELU, "kernel_initializer": initializer}, FLATTEN, SOFTMAX)
    assert told == ([(code, "/architecture/layers/0/kernel_initializer")] if code else [])


def test_zeros_as_biases_are_as_they_should_be() -> None:
    assert codes({**RELU, "bias_initializer": "ones"}, FLATTEN, SOFTMAX) == []


@pytest.mark.parametrize(
    ("between", "missing"),
    [
        ([], True),
        ([{"type": "average_pooling2d"}, {"type": "batch_normalization"}, {"type": "dropout", "rate": 0.1}], True),
        ([{"type": "activation", "activation": "linear"}], True),
        ([{"type": "max_pooling2d"}], False),
        ([{"type": "re_lu"}], False),
        ([{"type": "layer_normalization"}], False),
    ],
)
def test_two_linear_layers_in_a_row_are_told_to_be_one(between: list[dict[str, Any]], missing: bool) -> None:
    told = codes(CONV, *between, FLATTEN, SOFTMAX)
    assert told == ([("no-nonlinearity", f"/architecture/layers/{len(between) + 2}")] if missing else [])


@pytest.mark.parametrize(
    ("activation", "loss", "code"),
    [
        ("softmax", "categorical_crossentropy", None),
        ("sigmoid", "categorical_crossentropy", "sigmoid-output"),
        ("sigmoid", "binary_crossentropy", None),
        ("softmax", "binary_crossentropy", "softmax-output"),
        (None, "categorical_crossentropy", "no-probabilities"),
        ("relu", "binary_crossentropy", "no-probabilities"),
        ("relu", "mean_squared_error", None),
        (None, {"name": "categorical_crossentropy", "from_logits": True}, None),
        ("softmax", {"name": "categorical_crossentropy", "from_logits": True}, "activation-twice"),
    ],
)
def test_the_output_and_the_loss_must_fit(activation: str | None, loss: object, code: str | None) -> None:
    told = codes(RELU, FLATTEN, {**SOFTMAX, "activation": activation}, loss=loss)
    assert told == ([(code, "/architecture/layers/2")] if code else [])


def test_an_output_whose_softmax_is_a_layer_of_its_own_fits() -> None:
    assert codes(RELU, FLATTEN, {**SOFTMAX, "activation": None}, {"type": "activation", "activation": "softmax"}) == []


def test_augmentation_belongs_before_everything_else() -> None:
    flip = {"type": "random_flip"}
    assert codes(flip, {"type": "random_zoom", "height_factor": 0.1}, RELU, FLATTEN, SOFTMAX) == []
    assert codes(RELU, flip, FLATTEN, SOFTMAX) == [("augmentation-inside", "/architecture/layers/1")]
