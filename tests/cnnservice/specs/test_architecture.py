"""Shapes and parameters computed without TensorFlow: the published figures, and every refusal."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cnnservice.settings import Settings
from cnnservice.specs.architecture import Architecture, nodes, summarize
from cnnservice.specs.errors import ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.job import JobSpec, check_architecture, check_job
from cnnservice.specs.presets import UnknownPreset, preset


def layers(*specs: dict[str, object]) -> Architecture:
    return Architecture.model_validate({"layers": specs})


MNIST = (28, 28, 1)
DENSE = {"type": "dense", "units": 10}
FLATTEN = {"type": "flatten"}


def conv(**arguments: object) -> dict[str, object]:
    return {"type": "conv2d", "filters": 4, "kernel_size": 5, **arguments}


def test_the_notebooks_network_has_its_published_parameters() -> None:
    summary = summarize(preset("cnn", MNIST, 10), MNIST)
    rows = [(layer.name, layer.output_shape, layer.params, layer.formula) for layer in summary.layers]
    assert rows == [
        ("Conv1", (24, 24, 32), 832, "5*5*1*32+32"),
        ("MaxPool1", (12, 12, 32), 0, "0"),
        ("Conv2", (8, 8, 64), 51264, "5*5*32*64+64"),
        ("MaxPool2", (4, 4, 64), 0, "0"),
        ("Flatten", (1024,), 0, "0"),
        ("FC1", (100,), 102500, "1024*100+100"),
        ("FC2", (10,), 1010, "100*10+10"),
    ]
    assert summary.params == 155_606


def test_a_kernel_of_two_filters_spans_all_input_channels() -> None:
    (conv2,) = (
        layer for layer in summarize(preset("cnn_two_filters", MNIST, 10), MNIST).layers if layer.name == "Conv2"
    )
    assert (conv2.params, conv2.formula) == (5 * 5 * 32 * 2 + 2, "5*5*32*2+2")


def test_layers_without_names_are_numbered_around_those_taken() -> None:
    architecture = layers(conv(), conv(name="conv2d_1"), conv(), FLATTEN, DENSE)
    assert tuple(node.name for node in nodes(architecture, (28, 28, 1))) == (
        "conv2d",
        "conv2d_1",
        "conv2d_2",
        "flatten",
        "dense",
    )


@pytest.mark.parametrize(
    ("kernel", "size", "fits"), [(5, 5, True), (6, 5, False), ((5, 6), 5, False), ((1, 5), 5, True)]
)
def test_a_kernel_may_be_as_large_as_its_input_and_no_larger(kernel: object, size: int, fits: bool) -> None:
    architecture = layers(conv(kernel_size=kernel, name="C"), FLATTEN, DENSE)
    if fits:
        summarize(architecture, (size, size, 1))
    else:
        with pytest.raises(ImpossibleArchitecture, match=r"'C'.*larger than its input 5x5.*'same'") as caught:
            summarize(architecture, (size, size, 1))
        assert caught.value.errors[0].pointer == "/architecture/layers/0"


def test_dilation_widens_what_a_kernel_needs() -> None:
    assert summarize(layers(conv(dilation_rate=2)), (9, 9, 1)).output_shape == (1, 1, 4)
    with pytest.raises(ImpossibleArchitecture, match="9x9 is larger"):
        summarize(layers(conv(dilation_rate=2)), (8, 9, 1))


def test_a_convolution_after_flatten_is_refused() -> None:
    with pytest.raises(ImpossibleArchitecture, match="3 dimensions"):
        summarize(layers(FLATTEN, conv()), (28, 28, 1))


def test_the_last_layer_must_make_one_number_a_class() -> None:
    with pytest.raises(ImpossibleArchitecture, match=r"makes \[9\]; it must make \[10\]"):
        check_architecture(layers(FLATTEN, {"type": "dense", "units": 9}), (28, 28, 1), 10, Settings())


@pytest.mark.parametrize(
    "bad",
    [
        {"layers": []},
        {"layers": [{"type": "lambda", "function": "x"}]},
        {"layers": [conv(filters=0)]},
        {"layers": [conv(kernel_size=[1, 2, 3])]},
        {"layers": [conv(strides=2, dilation_rate=2)]},
        {"layers": [conv(activation="eval")]},
        {"layers": [conv(name="a/b")]},
        {"layers": [conv(name="a"), conv(name="a")]},
        {"layers": [conv(kernel_size=True)]},
        {"layers": [{"type": "dropout", "rate": 1.0}]},
        {"layers": [conv(surprise=1)]},
    ],
)
def test_what_keras_would_not_take_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        Architecture.model_validate(bad)


def test_an_unknown_preset_names_the_known() -> None:
    with pytest.raises(UnknownPreset, match="cnn, cnn_two_filters, lenet5, mlp"):
        check_architecture("resnet", (28, 28, 1), 10, Settings())


def test_the_defaults_are_the_notebooks() -> None:
    spec = JobSpec(dataset="mnist")
    assert (spec.train_samples, spec.test_samples, spec.epochs, spec.batch_size, spec.seed) == (6000, 1000, 30, 64, 0)
    assert spec.compile.model_dump() == {
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
        "metrics": ("categorical_accuracy",),
    }
    assert spec.architecture == "cnn"
    assert spec.steps_per_epoch == 94


@pytest.mark.parametrize(
    ("setting", "field", "limit", "make"),
    [
        ("max_train_samples", "train_samples", 6000, lambda n: {"train_samples": n}),
        ("max_test_samples", "test_samples", 1000, lambda n: {"test_samples": n}),
        ("max_epochs", "epochs", 7, lambda n: {"epochs": n}),
        ("max_batch_size", "batch_size", 8, lambda n: {"batch_size": n}),
        ("max_tags", "tags", 2, lambda n: {"tags": [f"t{i}" for i in range(n)]}),
        ("max_layers", "layers", 3, lambda n: {"architecture": {"layers": [FLATTEN] * (n - 1) + [DENSE]}}),
        ("max_parameters", "parameters", 7850, lambda n: {"architecture": _dense(n)}),
        ("max_layer_outputs", "largest output", 784, lambda n: {"architecture": _wide(n)}),
    ],
)
def test_every_limit_holds_at_its_edge(setting: str, field: str, limit: int, make: object) -> None:
    limits = Settings(**{setting: limit})
    within = JobSpec.model_validate({"dataset": "mnist", **make(limit)})  # type: ignore[operator]
    check_job(within, (28, 28, 1), 10, limits)
    beyond = JobSpec.model_validate({"dataset": "mnist", **make(limit + 1)})  # type: ignore[operator]
    with pytest.raises(LimitExceeded, match=rf"{field}.*at most {limit}.*CNNSERVICE_{setting.upper()}"):
        check_job(beyond, (28, 28, 1), 10, limits)


def _dense(parameters: int) -> object:
    """784*10+10 = 7850 parameters, or one layer more of them."""
    extra = [] if parameters == 7850 else [DENSE]
    return {"layers": [FLATTEN, {"type": "dense", "units": 10}, *extra]}


def _wide(outputs: int) -> object:
    return {"layers": [FLATTEN, {"type": "dense", "units": outputs}, DENSE]}
