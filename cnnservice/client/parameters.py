"""What may be said of a picture, a computation or a job, as keyword arguments; the service says what each means.

A name that is a word of Python has an underscore behind it: `class_`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

Epoch = int | Literal["last"]
Invert = Literal["auto", "true", "false"]
Split = Literal["train", "test"]
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Randomization = Literal["cascading", "independent"]
ExportFormat = Literal["keras", "safetensors", "onnx", "notebook", "tensorboard", "mlflow"]


class Tiling(TypedDict, total=False):
    """How tiles are laid out, in pixels."""

    cols: int
    scale: int
    gap: int
    labels: bool


class SampleDrawing(Tiling, total=False):
    """A sheet of a data set's images, or those of a class; with seed any at random."""

    rows: int
    class_: int
    start: int
    seed: int


class SheetDrawing(Tiling, total=False):
    """A sheet of slices: `count` from `start`, or `sample` of them at random with `seed`."""

    cmap: str
    normalize: Literal["each", "layer", "symmetric"]
    start: int
    count: int
    sample: int
    seed: int


class FilterDrawing(SheetDrawing, total=False):
    """A sheet of a kernel's slices; minus is an epoch to subtract."""

    channel: int | Literal["all"]
    weight: str
    minus: int


class MaximizationDrawing(SheetDrawing, total=False):
    """How inputs are sought by gradient ascent, and drawn; filter is one filter, all when not given."""

    filter: int
    objective: Literal["map", "unit"]
    steps: int
    learning_rate: float
    decay: float
    jitter: int
    blur: float
    total_variation: float


class TopImagesDrawing(TypedDict, total=False):
    """How many images of which filters, and how they are drawn."""

    count: int
    filter: int
    start: int
    filters: int
    view: Literal["patches", "images"]
    scale: int
    gap: int
    labels: bool


class Projection(TypedDict, total=False):
    """How a layer's outputs for the test images are laid out in the plane."""

    images: int
    method: Literal["pca", "umap", "tsne"]
    perplexity: float
    neighbors: int
    min_dist: float
    seed: int


class HistogramDrawing(TypedDict, total=False):
    """Which of a layer's weights, in how many bins."""

    weight: str
    bins: int


class AttributionDrawing(TypedDict, total=False):
    """How heat is drawn over an image, for which class; and what single methods take beside it."""

    class_: int
    view: Literal["overlay", "map", "both"]
    polarity: Literal["signed", "absolute", "positive"]
    channel: int | Literal["all"]
    clip: float
    cmap: str
    scale: int
    gap: int
    samples: int
    noise: float
    seed: int
    steps: int
    baseline: Literal["background", "mean"]
    layer: str
    filter: int
    activation: Literal["strongest", "map"]
    window: int
    stride: int
    epsilon: float


class SanityCheck(TypedDict, total=False):
    """Which methods of attribution are checked, on how many images, and how."""

    methods: Sequence[str]
    images: int
    randomization: Randomization | Literal["both"]
    data_randomization: bool
    data_samples: int
    data_epochs: int
    seed: int


class Training(TypedDict, total=False):
    """A job beside its data set and what it goes on from; the defaults are the teaching notebook's."""

    train_samples: int
    test_samples: int
    normalization: Literal["minus_one_one", "zero_one", "standard"]
    architecture: str | Mapping[str, Any]
    compile: Mapping[str, Any]
    epochs: int
    batch_size: int
    seed: int
    class_weight: Literal["balanced"] | Mapping[str, float]
    early_stopping: Mapping[str, Any]
    keep: Literal["all"] | Mapping[str, Any]
    priority: int
    accelerator: Literal["any", "gpu"]
    tags: Sequence[str]


def encoded(parameters: Mapping[str, object]) -> dict[str, str]:
    """As a query has them, without those that are None."""
    return {name.removesuffix("_"): _text(value) for name, value in parameters.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)
