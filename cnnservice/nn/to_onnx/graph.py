"""A graph of ONNX nodes that grows layer by layer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

# The first with Gelu; ONNX Runtime knows it since 1.17.
OPSET = 20
_IR_VERSION = 9


class Graph:
    """Nodes and constants. Tensors are known by name, `<layer>/<operator>`; layer is whose nodes are being added."""

    def __init__(self) -> None:
        self.layer = ""
        # Filled in place, as putting messages together copies them, and a network's weights are large.
        self._model = onnx.ModelProto(ir_version=_IR_VERSION, opset_import=[helper.make_opsetid("", OPSET)])
        self._model.graph.name = "network"
        self._named: Counter[str] = Counter()

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One node; returns the name of its output. An input named '' is one that is left out."""
        output = self._name(operator)
        self._model.graph.node.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def constant(self, values: NDArray[Any] | np.generic, name: str) -> str:
        """Numbers that the graph holds; returns their name."""
        tensor = self._name(name)
        self._model.graph.initializer.add(
            name=tensor,
            dims=values.shape,
            data_type=helper.np_dtype_to_tensor_dtype(values.dtype),
            raw_data=values.tobytes(),
        )
        return tensor

    def complete(
        self,
        *,
        inputs: tuple[str, tuple[int, ...]],
        outputs: tuple[str, str, tuple[int, ...]],
        metadata: dict[str, str],
        producer: tuple[str, str],
    ) -> onnx.ModelProto:
        """The model, with its inputs and outputs; nothing can be added any more.

        inputs is a name and a shape, outputs a name, the tensor that it stands for and a shape; shapes are without the
        batch dimension, which is dynamic. producer is a name and a version.
        """
        name, tensor, shape = outputs
        model = self._model
        model.producer_name, model.producer_version = producer
        model.graph.node.append(helper.make_node("Identity", [tensor], [name], name))
        model.graph.input.append(_value(*inputs))
        model.graph.output.append(_value(name, shape))
        helper.set_model_props(model, metadata)
        return model

    def _name(self, last: str) -> str:
        name = f"{self.layer}/{last}"
        self._named[name] += 1
        return name if self._named[name] == 1 else f"{name}_{self._named[name] - 1}"


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *shape])
