"""A Keras network as an ONNX model."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import keras
import onnx

from cnnservice.errors import InvalidError
from cnnservice.nn.build import own_layers
from cnnservice.nn.to_onnx.graph import Graph
from cnnservice.nn.to_onnx.registry import CONVERTERS

INPUT, OUTPUT = "input", "output"


class NotInOnnx(InvalidError):
    """The network has a layer that is not said in ONNX here."""

    code = "not-in-onnx"
    title = "Layer without an ONNX form"

    def __init__(self, layer: keras.Layer) -> None:
        super().__init__(
            f"Layer {layer.name!r} is a {type(layer).__name__}, for which there is no ONNX form; export to keras."
        )


def onnx_model(model: keras.Model, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """What a model computes outside training, with its weights as they are now.

    The model is Sequential or functional, of layers of the allow-list that are called once each, with one input
    (n, …) float32 and one output. Its tensors are `input` and `output`; n is dynamic. Raises NotInOnnx.
    """
    graph = Graph()
    # Each layer's one output, which is how the layers that read it know it.
    tensors = {id(model.inputs[0]): INPUT}
    for layer in own_layers(model):
        converter = CONVERTERS.get(type(layer).__name__)
        if converter is None:
            raise NotInOnnx(layer)
        graph.layer = layer.name
        reads = [tensors[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
        tensors[id(layer.output)] = converter(graph, layer, *reads)
    return graph.complete(
        inputs=(INPUT, model.input_shape[1:]),
        outputs=(OUTPUT, tensors[id(model.outputs[0])], model.output_shape[1:]),
        metadata=dict(metadata),
        producer=("cnnservice", version("cnnservice")),
    )
