"""Everything a training run needs to go on, as named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def model_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Weights by `model/<layer>/<index>/<name>`. By name and index, as Keras numbers its own paths by history."""
    return {
        f"model/{layer.name}/{index}/{variable.name}": variable
        for layer in model.layers
        for index, variable in enumerate(layer.weights)
    }


def training_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """The model's weights, its random states and its optimizer's variables."""
    weights = {id(variable) for layer in model.layers for variable in layer.weights}
    states = {
        f"seed/{layer.name}/{index}/{variable.name}": variable
        for layer in model.layers
        for index, variable in enumerate(v for v in layer.variables if id(v) not in weights)
    }
    optimizer = {
        f"optimizer/{index}/{variable.name}": variable for index, variable in enumerate(model.optimizer.variables)
    }
    return model_variables(model) | states | optimizer


def adopt_variables(variables: Mapping[str, keras.Variable], values: Mapping[str, NDArray[Any]]) -> None:
    """Take on what another run's state has for this one.

    That is its weights and random states, and its optimizer's variables where this run's optimizer has the same ones.
    The learning rate is not taken: it is what this run's own spec says.
    Raises KeyError, ValueError when a weight is missing or misshapen.
    """
    needed = {
        name: variable
        for name, variable in variables.items()
        if name.startswith("model/") or (name.startswith("seed/") and name in values)
    }
    assign_variables(needed, values)
    mine = {name: variable for name, variable in variables.items() if _is_optimizer_state(name)}
    theirs = {name: value for name, value in values.items() if _is_optimizer_state(name)}
    if [(_kind(name), tuple(v.shape)) for name, v in mine.items()] == [(_kind(n), v.shape) for n, v in theirs.items()]:
        for variable, value in zip(mine.values(), theirs.values(), strict=True):
            variable.assign(value)


def _is_optimizer_state(name: str) -> bool:
    return name.startswith("optimizer/") and not name.endswith("/learning_rate")


def _kind(name: str) -> str:
    """Without its number, which another schedule of the learning rate shifts."""
    return name.split("/", 2)[2]


def read_variables(variables: Mapping[str, keras.Variable]) -> dict[str, NDArray[Any]]:
    """Copies of the values as they are now."""
    return {name: np.array(keras.ops.convert_to_numpy(variable.value)) for name, variable in variables.items()}


def assign_variables(variables: Mapping[str, keras.Variable], values: Mapping[str, NDArray[Any]]) -> None:
    """Set every variable from the array of its name. Raises KeyError, ValueError when one is missing or misshapen."""
    for name, variable in variables.items():
        variable.assign(values[name])
