"""A Jupyter notebook that rebuilds a model in plain Keras and looks at an image with it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.export.lessons import LESSONS
from cnnservice.export.source import compile_source, network_source
from cnnservice.models import Snapshot
from cnnservice.specs.architecture import LayerSummary, nodes

Cell = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """An image of the data set, (H, W, C) uint8, its reference, e.g. mnist:test:0, and its class."""

    pixels: NDArray[np.uint8]
    reference: str
    label: int


def notebook(snapshot: Snapshot, *, weights: bytes | str, example: Example | None) -> dict[str, Any]:
    """The notebook's JSON, of nbformat 4.5.

    weights is a safetensors file of `<layer>/<variable>` to hold within, or the URL where it can be fetched. Without
    an example the image is noise. Source: nbformat's schema, nbformat.v4.5.schema.json.
    """
    cells = [
        _text(_introduction(snapshot)),
        _code(_imports(weights)),
        _text(_about_the_network(snapshot)),
        _code(f"{network_source(snapshot.architecture, snapshot.summary().input_shape)}\n\nmodel.summary()"),
        _text(_about_the_weights(snapshot)),
        *_weights(weights),
        _text(_ABOUT_COMPILING),
        _code(compile_source(snapshot.spec.compile)),
        _text(f"## An image, as the network takes it\n\n{_about_normalizing(snapshot.normalizer)}"),
        _code(_reading_an_image(snapshot)),
        _code(_the_image(snapshot, example)),
        _text("## What the network says of it"),
        _code(_PREDICTION),
        *_filters(snapshot),
    ]
    return {
        "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _text(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source.strip()}


def _code(source: str, *, hidden: bool = False) -> Cell:
    metadata = {"jupyter": {"source_hidden": True}} if hidden else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source.strip(),
    }


def _introduction(snapshot: Snapshot) -> str:
    trained = f"after epoch {snapshot.epoch}" if snapshot.epoch else "before any training, at epoch 0"
    return f"""
# {snapshot.spec.dataset}: a network {trained}

Model `{snapshot.job.id}`, rebuilt in plain Keras: its layers, its weights, an image, and what the network says of it.
Run the cells from top to bottom. They need `pip install keras tensorflow safetensors matplotlib`.
"""


def _imports(weights: bytes | str) -> str:
    if isinstance(weights, bytes):
        ours, variables = "import base64", ""
    else:
        ours = "import base64\nimport urllib.request"
        variables = f"""

# Where the weights are. Another name or port of the service is said here, and a key, where it asks for one.
WEIGHTS_URL = "{weights}"
HEADERS = {{}}  # {{"Authorization": "Bearer <key>"}}"""
    others = ("import keras", "import matplotlib.pyplot as plt", "import numpy as np", "import safetensors.numpy")
    more = ("from keras import layers", "from PIL import Image")
    return ours + "\n\n" + "\n".join((*others, *more)) + variables


def _about_the_network(snapshot: Snapshot) -> str:
    summary = snapshot.summary()
    columns = [
        (layer.name, layer.type, ", ".join(layer.inputs), _by(layer.output_shape), _parameters(layer))
        for layer in summary.layers
    ]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in columns)
    classes = {type(node.layer).__name__: None for node in nodes(snapshot.architecture, snapshot.summary().input_shape)}
    lessons = "\n".join(f"- **{name}** {LESSONS[name]}" for name in classes)
    height, width, channels = summary.input_shape
    return f"""
## The network

An image goes in as {height} rows of {width} pixels in {channels} channel{"s" if channels > 1 else ""}, and
{summary.output_shape[-1]} numbers come out, one for each class. The shapes below are those of one image; Keras puts
the number of images before them.

| layer | type | reads | makes | parameters |
| --- | --- | --- | --- | --- |
{rows}

In all {summary.params:,} parameters, of which training changes {summary.trainable_params:,}.

{lessons}
"""


def _parameters(layer: LayerSummary) -> str:
    if not layer.params:
        return "0"
    counted = f"{layer.params:,} = {layer.formula.replace('*', '·')}" if layer.formula != str(layer.params) else ""
    return (counted or f"{layer.params:,}") + ("" if layer.trainable else " (frozen)")


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _about_the_weights(snapshot: Snapshot) -> str:
    return f"""
## The weights of epoch {snapshot.epoch}

They come as one safetensors file: numbers by the name of the layer and of the variable, such as `kernel` and `bias`.
"""


def _weights(weights: bytes | str) -> list[Cell]:
    load = """
for layer in model.layers:
    for variable in layer.weights:
        variable.assign(weights[f"{layer.name}/{variable.name}"])
"""
    if isinstance(weights, bytes):
        return [
            _code(f'WEIGHTS = """\n{base64.encodebytes(weights).decode()}"""', hidden=True),
            _code(f"weights = safetensors.numpy.load(base64.b64decode(WEIGHTS))\n{load}"),
        ]
    fetch = """
with urllib.request.urlopen(urllib.request.Request(WEIGHTS_URL, headers=HEADERS)) as response:
    weights = safetensors.numpy.load(response.read())
"""
    return [_code(fetch + load)]


_ABOUT_COMPILING = """
What it was trained with. After this cell, `model.evaluate` measures and `model.fit` trains on. (The optimizer's own
memory, such as its momentum, is in the export of format `keras` alone.)
"""


def _about_normalizing(normalizer: Normalizer) -> str:
    scales = {
        "minus_one_one": "Pixels are whole numbers from 0 to 255. The network was shown them as numbers from -1 to 1.",
        "zero_one": "Pixels are whole numbers from 0 to 255. The network was shown them as numbers from 0 to 1.",
        "standard": (
            "Pixels are whole numbers from 0 to 255. The network was shown them less the mean of their channel over "
            "the training images, in units of its standard deviation."
        ),
    }
    return f"{scales[normalizer.name]} What it is shown now must be scaled alike."


def _normalize(normalizer: Normalizer) -> str:
    expressions = {
        "minus_one_one": "(pixels / 255 - 0.5) * 2",
        "zero_one": "pixels / 255",
        "standard": f"(pixels - np.array({list(normalizer.mean)})) / np.array({list(normalizer.std)})",
    }
    return f'''
def normalize(pixels):
    """Whole numbers from 0 to 255 as the network takes them."""
    return ({expressions[normalizer.name]}).astype("float32")
'''.strip()


def _reading_an_image(snapshot: Snapshot) -> str:
    height, width, channels = snapshot.summary().input_shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    return f'''
CLASSES = {json.dumps(snapshot.dataset.classes, ensure_ascii=False)}


{_normalize(snapshot.normalizer)}


def read_image(path):
    """A picture of your own, in the size of the training images. Its background should be like theirs, too."""
    picture = Image.open(path).convert("{mode}").resize(({width}, {height}))
    return np.asarray(picture).reshape({height}, {width}, {channels})
'''


def _the_image(snapshot: Snapshot, example: Example | None) -> str:
    shape = snapshot.summary().input_shape
    if example is None:
        made = f"""
# No image of {snapshot.spec.dataset} was at hand, so this is noise: use read_image.
pixels = np.random.default_rng(0).integers(0, 256, {shape}).astype("uint8")"""
        title = "noise"
    else:
        made = f'''
# {example.reference}
IMAGE = """
{base64.encodebytes(example.pixels.tobytes()).decode()}"""
pixels = np.frombuffer(base64.b64decode(IMAGE), "uint8").reshape{shape}'''
        title = f"{example.reference}: {snapshot.dataset.classes[example.label]}"
    return f"""{made}
# pixels = read_image("my_picture.png")

plt.imshow(pixels{".squeeze()" if shape[-1] == 1 else ""}, cmap="gray")
plt.title({json.dumps(title, ensure_ascii=False)})
plt.axis("off")
plt.show()
"""


_PREDICTION = """
scores = model.predict(normalize(pixels)[np.newaxis], verbose=0)[0]

for index in np.argsort(-scores)[:5]:
    print(f"{CLASSES[index]:>12}  {scores[index]:.4f}")
"""


def _filters(snapshot: Snapshot) -> list[Cell]:
    convolutions = [layer for layer in snapshot.summary().layers if layer.type == "conv2d"]
    if not convolutions:
        return []
    name = convolutions[0].name
    text = f"""
## The filters of {name}

The first convolution looks for patterns in the image itself, so that its filters can be looked at as small pictures:
one for each, dark where its weights are small and light where they are large, at the input's first channel.
"""
    code = f"""
kernel = keras.ops.convert_to_numpy(model.get_layer("{name}").kernel)
print(kernel.shape, "is height, width, input channels, filters")

shown = min(kernel.shape[-1], 64)
columns = min(shown, 8)
figure, axes = plt.subplots(-(-shown // columns), columns, squeeze=False)
for axis in axes.flat:
    axis.axis("off")
for number, axis in zip(range(shown), axes.flat):
    axis.imshow(kernel[:, :, 0, number], cmap="gray")
plt.show()
"""
    return [_text(text), _code(code)]
