"""The Python written for a network builds that network, and leaves out what Keras takes for granted."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import keras
import numpy as np
import pytest
from keras import layers

from cnnservice.export.lessons import LESSONS
from cnnservice.export.source import _ALWAYS, _APART, compile_source, network_source
from cnnservice.nn.build import build_model, compile_model
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.job import Compile
from cnnservice.specs.layers import initializers, regularizers
from cnnservice.specs.layers.union import AnyLayer
from cnnservice.specs.losses import AnyLoss
from cnnservice.specs.optimizer import AnyOptimizer
from cnnservice.specs.presets import PRESETS
from cnnservice.specs.schedules import AnySchedule
from random_architectures import random_architecture

# Random networks.
ENOUGH, ALL = 50, 200


def built_from_source(architecture: Architecture, shape: tuple[int, int, int]) -> keras.Model:
    names: dict[str, Any] = {"keras": keras, "layers": layers}
    exec(network_source(architecture, shape), names)
    model: keras.Model = names["model"]
    return model


def configuration(model: keras.Model) -> dict[str, Any]:
    config: dict[str, Any] = model.get_config()
    del config["name"]
    return config


def assert_builds_it(architecture: Architecture, shape: tuple[int, int, int]) -> None:
    theirs, mine = built_from_source(architecture, shape), build_model(architecture, shape)
    assert configuration(theirs) == configuration(mine)
    assert type(theirs) is type(mine)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_the_source_of_random_networks_builds_them(full: bool) -> None:
    tried = seed = 0
    while tried < (ALL if full else ENOUGH):
        shape, said = random_architecture(seed)
        seed += 1
        architecture = Architecture.model_validate({"layers": said})
        try:
            summarize(architecture, shape)
        except ImpossibleArchitecture:
            continue
        tried += 1
        assert_builds_it(architecture, shape)


@pytest.mark.parametrize("name", PRESETS)
def test_the_source_of_a_preset_builds_it(name: str) -> None:
    assert_builds_it(PRESETS[name].build((96, 96, 3), 10), (96, 96, 3))


def test_the_source_is_what_a_person_would_write() -> None:
    said: list[dict[str, Any]] = [
        {"type": "random_contrast", "factor": 0.2},
        {"type": "conv2d", "filters": 8, "kernel_size": [3, 3], "strides": [1, 2], "name": "Conv1", "trainable": False},
        {"type": "dense", "units": 2, "kernel_initializer": {"name": "random_normal", "stddev": 0.1}},
    ]
    assert (
        network_source(Architecture.model_validate({"layers": said}), (28, 28, 1))
        == """model = keras.Sequential(
    [
        keras.Input((28, 28, 1), name="input"),
        layers.RandomContrast(factor=0.2, value_range=(-1.0, 1.0), name="random_contrast"),
        layers.Conv2D(filters=8, kernel_size=3, strides=(1, 2), trainable=False, name="Conv1"),
        layers.Dense(
            units=2,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.1),
            name="dense",
        ),
    ]
)"""
    )


def test_branches_are_named_and_the_line_between_them_is_not() -> None:
    said: list[dict[str, Any]] = [
        {"type": "activation", "activation": "relu", "name": "in"},
        {"type": "activation", "activation": "tanh", "name": "a.b"},
        {"type": "activation", "activation": "elu", "name": "a-b"},
        {"type": "dropout", "rate": 0.5, "name": "keras", "inputs": ["in"]},
        {"type": "dense", "units": 1, "name": "x"},
        {"type": "add", "name": "sum", "inputs": ["x", "a-b", "input", "a.b"]},
    ]
    architecture = Architecture.model_validate({"layers": said})
    source = network_source(architecture, (4, 4, 1))
    assert_builds_it(architecture, (4, 4, 1))
    assert [line.split(" = ")[0].strip() for line in source.splitlines() if " = " in line] == [
        "inputs", "in_", "a_b", "a_b_", "x", "x", "x", "model",
    ]  # fmt: skip


def specs() -> list[type[Spec]]:
    unions = (AnyLayer, initializers.AnyInitializer, regularizers.Regularizer, AnyLoss, AnyOptimizer, AnySchedule)
    return [spec for union in unions for spec in get_args(get_args(union)[0])]


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_what_is_left_out_is_keras_own_default(spec: type[Spec]) -> None:
    homes = (
        keras.layers, keras.initializers, keras.regularizers, keras.losses, keras.optimizers,
        keras.optimizers.schedules,
    )  # fmt: skip
    (home,) = [home for home in homes if hasattr(home, spec.__name__)]
    parameters = inspect.signature(getattr(home, spec.__name__)).parameters
    for name, field in spec.model_fields.items():
        if field.is_required() or name in _ALWAYS | _APART:
            continue
        ours, theirs = field.default, parameters[name].default if name in parameters else None
        same = (
            np.array_equal(np.broadcast_to(theirs, np.shape(ours)), ours) if isinstance(ours, tuple) else ours == theirs
        )
        assert same, (name, ours, theirs)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"optimizer": {"name": "adam", "learning_rate": 0.02, "amsgrad": True}, "metrics": ["auc", "precision"]},
        {
            "loss": {"name": "categorical_crossentropy", "from_logits": True},
            "optimizer": {
                "name": "sgd",
                "momentum": 0.9,
                "learning_rate": {"name": "piecewise_constant_decay", "boundaries": [5], "values": [0.1, 0.01]},
            },
        },
    ],
)
def test_the_source_compiles_as_the_job_was(said: dict[str, Any]) -> None:
    compile_spec = Compile.model_validate(said)
    theirs, mine = (keras.Sequential([keras.Input((3,)), layers.Dense(2)]) for _ in range(2))
    exec(compile_source(compile_spec), {"keras": keras, "model": theirs})
    compile_model(mine, compile_spec)
    configurations = [model.get_compile_config() for model in (theirs, mine)]
    for configuration in configurations:
        del configuration["optimizer"]["config"]["name"]  # numbered by what was made before
    assert configurations[0] == configurations[1]


def test_every_layer_has_a_lesson() -> None:
    assert LESSONS.keys() == {layer.__name__ for layer in get_args(get_args(AnyLayer)[0])}
