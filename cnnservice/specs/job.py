"""What `POST /v1/jobs` may say, with the notebook's settings as defaults."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import Field

from cnnservice.specs.architecture import Architecture, Summary, summarize
from cnnservice.specs.base import Spec
from cnnservice.specs.errors import ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.optimizer import SGD, AnyOptimizer
from cnnservice.specs.presets import preset

Loss = Literal["categorical_crossentropy"]
Metric = Literal["categorical_accuracy", "top_k_categorical_accuracy"]
Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}$")]


class Compile(Spec):
    """Keras' compile: the loss, the optimizer, and the metrics shown beside the loss."""

    loss: Loss = "categorical_crossentropy"
    optimizer: AnyOptimizer = SGD()
    metrics: Annotated[tuple[Metric, ...], Field(max_length=8)] = ("categorical_accuracy",)


class JobSpec(Spec):
    """One training run."""

    dataset: Annotated[str, Field(min_length=1, max_length=64, examples=["mnist"])]
    train_samples: Annotated[int, Field(ge=1)] = 6000
    test_samples: Annotated[int, Field(ge=1)] = 1000
    architecture: Annotated[str, Field(max_length=64)] | Architecture = "cnn"
    compile: Compile = Compile()
    epochs: Annotated[int, Field(ge=1)] = 30
    batch_size: Annotated[int, Field(ge=1)] = 64
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 0
    tags: tuple[Tag, ...] = ()

    def resolved_architecture(self) -> Architecture:
        """The layers, a preset's name looked up. Raises UnknownPreset."""
        return resolve(self.architecture)

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last may be smaller."""
        return -(-self.train_samples // self.batch_size)


class Limits(Protocol):
    """The settings that bound a job."""

    @property
    def max_epochs(self) -> int: ...
    @property
    def max_batch_size(self) -> int: ...
    @property
    def max_layers(self) -> int: ...
    @property
    def max_parameters(self) -> int: ...
    @property
    def max_layer_outputs(self) -> int: ...
    @property
    def max_tags(self) -> int: ...


def resolve(architecture: str | Architecture) -> Architecture:
    """The layers, a preset's name looked up. Raises UnknownPreset."""
    return preset(architecture) if isinstance(architecture, str) else architecture


def check_architecture(architecture: str | Architecture, input_shape: Shape, classes: int, limits: Limits) -> Summary:
    """Summarize an architecture for images of input_shape and hold it against the limits.

    Raises UnknownPreset, ImpossibleArchitecture, LimitExceeded.
    """
    layers = resolve(architecture)
    _within("/architecture/layers", "the number of layers", len(layers.layers), limits.max_layers, "MAX_LAYERS")
    summary = summarize(layers, input_shape)
    if summary.output_shape != (classes,):
        raise ImpossibleArchitecture(
            f"/architecture/layers/{len(layers.layers) - 1}",
            f"The last layer makes {list(summary.output_shape)}; it must make [{classes}], one number for each class.",
        )
    _within("/architecture", "the number of parameters", summary.params, limits.max_parameters, "MAX_PARAMETERS")
    _within(
        "/architecture",
        "the largest output of a layer, in numbers an image,",
        summary.largest_output,
        limits.max_layer_outputs,
        "MAX_LAYER_OUTPUTS",
    )
    return summary


def check_job(spec: JobSpec, input_shape: Shape, classes: int, limits: Limits) -> Summary:
    """Hold a job against the limits. Raises UnknownPreset, ImpossibleArchitecture, LimitExceeded."""
    _within("/epochs", "epochs", spec.epochs, limits.max_epochs, "MAX_EPOCHS")
    _within("/batch_size", "batch_size", spec.batch_size, limits.max_batch_size, "MAX_BATCH_SIZE")
    _within("/tags", "the number of tags", len(spec.tags), limits.max_tags, "MAX_TAGS")
    return check_architecture(spec.architecture, input_shape, classes, limits)


def _within(pointer: str, name: str, value: int, limit: int, setting: str) -> None:
    if value > limit:
        raise LimitExceeded(pointer, name, value, limit, f"CNNSERVICE_{setting}")
