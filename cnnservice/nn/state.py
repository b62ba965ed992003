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


def read_variables(variables: Mapping[str, keras.Variable]) -> dict[str, NDArray[Any]]:
    """Copies of the values as they are now."""
    return {name: np.array(keras.ops.convert_to_numpy(variable.value)) for name, variable in variables.items()}


def assign_variables(variables: Mapping[str, keras.Variable], values: Mapping[str, NDArray[Any]]) -> None:
    """Set every variable from the array of its name. Raises KeyError, ValueError when one is missing or misshapen."""
    for name, variable in variables.items():
        variable.assign(values[name])
