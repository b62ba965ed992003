"""What `POST /v1/jobs` may say, with the notebook's settings as defaults."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from cnnservice.datasets.preprocessing import Normalization
from cnnservice.specs.architecture import Architecture, Summary, summarize
from cnnservice.specs.base import OBJECT, PLAIN, PLAIN_OR_OBJECT, Spec
from cnnservice.specs.errors import BadSetting, ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.keeping import AnyKeep, Keep, most_kept
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.losses import Loss, Metric
from cnnservice.specs.optimizer import SGD, AnyOptimizer
from cnnservice.specs.presets import PRESETS, preset
from cnnservice.specs.stopping import EarlyStopping

Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}$")]


class Compile(Spec):
    """Keras' compile: the loss, the optimizer, and the metrics shown beside the loss."""

    loss: Loss = "categorical_crossentropy"
    optimizer: AnyOptimizer = SGD()
    metrics: Annotated[tuple[Metric, ...], Field(max_length=8)] = ("categorical_accuracy",)

    @model_validator(mode="after")
    def _metrics_once(self) -> Compile:
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError("each metric may be named once")
        return self

    def logged(self) -> tuple[str, ...]:
        """The names under which an epoch's numbers stand in the history."""
        names = ("loss", *self.metrics)
        return (*names, *(f"val_{name}" for name in names))


def _epoch(value: object) -> object:
    # No database has a number for what is larger.
    if value == "last" or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31):
        return value
    raise ValueError("an epoch is a whole number from 0 (the initial weights), or 'last'")


class ContinueFrom(Spec):
    """Which model to go on from, and after which of its epochs."""

    model_id: Annotated[str, Field(max_length=64)]
    epoch: Annotated[int | Literal["last"], BeforeValidator(_epoch)] = "last"


# One of a list, and an error of its own tells the list where it is not.
PresetName = Annotated[str, Field(max_length=64, json_schema_extra={"enum": list[JsonValue](PRESETS)})]
AnyArchitecture = Annotated[Annotated[PresetName, PLAIN] | Annotated[Architecture, OBJECT], PLAIN_OR_OBJECT]
ClassIndex = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,3})$")]
ClassWeight = Annotated[float, Field(ge=0, le=1e6)]
ClassWeights = Annotated[
    Annotated[Literal["balanced"], PLAIN] | Annotated[dict[ClassIndex, ClassWeight], OBJECT], PLAIN_OR_OBJECT
]


class JobSpec(Spec):
    """One training run.

    With continue_from it goes on from an epoch of another model, and what it does not say is as it was there: epochs
    counts those to come, and they are numbered onward.
    """

    dataset: Annotated[str, Field(min_length=1, max_length=64, examples=["mnist"])]
    train_samples: Annotated[int, Field(ge=1)] = 6000
    test_samples: Annotated[int, Field(ge=1)] = 1000
    normalization: Annotated[
        Normalization,
        Field(description="minus_one_one: (x/255 - 0.5)*2; zero_one: x/255; standard: by channel mean and deviation"),
    ] = "minus_one_one"
    architecture: AnyArchitecture = "cnn"
    compile: Compile = Compile()
    epochs: Annotated[int, Field(ge=1)] = 30
    batch_size: Annotated[int, Field(ge=1)] = 64
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 0
    class_weight: Annotated[
        ClassWeights | None,
        Field(description="how much each class counts in the loss, by index, 1 if not named; balanced: all as much"),
    ] = None
    early_stopping: EarlyStopping | None = None
    keep: Annotated[
        AnyKeep, Field(description="which epochs' weights stay in the store; the history has every epoch in any case")
    ] = "all"
    priority: Annotated[
        int, Field(ge=-10, le=10, description="among the waiting jobs of its owner, the highest is run first")
    ] = 0
    accelerator: Annotated[
        Literal["any", "gpu"], Field(description="gpu: it waits for a worker that has one; any: the first that is free")
    ] = "any"
    tags: tuple[Tag, ...] = ()
    continue_from: ContinueFrom | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last may be smaller."""
        return -(-self.train_samples // self.batch_size)


class Limits(Protocol):
    """The settings that bound a job."""

    @property
    def max_train_samples(self) -> int: ...
    @property
    def max_test_samples(self) -> int: ...
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
    @property
    def max_stored_bytes(self) -> int: ...


def resolve(architecture: str | Architecture, input_shape: Shape, classes: int) -> Architecture:
    """The layers, a preset's name looked up for images (H, W, C) and as many classes. Raises UnknownPreset."""
    return preset(architecture, input_shape, classes) if isinstance(architecture, str) else architecture


def check_architecture(architecture: str | Architecture, input_shape: Shape, classes: int, limits: Limits) -> Summary:
    """Summarize an architecture for images of input_shape and hold it against the limits.

    Raises UnknownPreset, ImpossibleArchitecture, LimitExceeded.
    """
    resolved = resolve(architecture, input_shape, classes)
    _within("/architecture/layers", "the number of layers", len(resolved.layers), limits.max_layers, "MAX_LAYERS")
    summary = summarize(resolved, input_shape)
    if summary.output_shape != (classes,):
        raise ImpossibleArchitecture(
            f"/architecture/layers/{len(resolved.layers) - 1}",
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
    """Hold a job against the limits. Raises UnknownPreset, ImpossibleArchitecture, LimitExceeded, BadSetting."""
    for split in ("train", "test"):
        name, limit = f"{split}_samples", getattr(limits, f"max_{split}_samples")
        _within(f"/{name}", name, getattr(spec, name), limit, f"MAX_{split.upper()}_SAMPLES")
    _within("/epochs", "epochs", spec.epochs, limits.max_epochs, "MAX_EPOCHS")
    _within("/batch_size", "batch_size", spec.batch_size, limits.max_batch_size, "MAX_BATCH_SIZE")
    _within("/tags", "the number of tags", len(spec.tags), limits.max_tags, "MAX_TAGS")
    if spec.early_stopping is not None and spec.early_stopping.monitor not in spec.compile.logged():
        raise BadSetting(
            "/early_stopping/monitor",
            f"monitor is {spec.early_stopping.monitor!r}; this job has {', '.join(spec.compile.logged())}.",
        )
    if isinstance(spec.keep, Keep) and spec.keep.best not in (None, *spec.compile.logged()):
        raise BadSetting("/keep/best", f"best is {spec.keep.best!r}; this job has {', '.join(spec.compile.logged())}.")
    if isinstance(spec.class_weight, dict):
        beyond = [name for name in spec.class_weight if int(name) >= classes]
        if beyond:
            raise BadSetting(
                "/class_weight", f"there is no class {beyond[0]}; the classes are numbered 0 to {classes - 1}."
            )
    summary = check_architecture(spec.architecture, input_shape, classes, limits)
    stored = stored_bytes(spec, summary)
    if stored > limits.max_stored_bytes:
        detail = (
            f"the weights kept would take {stored} bytes ({most_kept(spec.keep, spec.epochs)} epochs of "
            f"{epoch_bytes(spec, summary)}); {limits.max_stored_bytes} are allowed (CNNSERVICE_MAX_STORED_BYTES). "
            'Let fewer stay: "keep": {"every": 10}, {"last": 3} or {"best": "val_loss"}, or some of these together.'
        )
        raise BadSetting("/keep", detail)
    return summary


def epoch_bytes(spec: JobSpec, summary: Summary) -> int:
    """What an epoch takes in the store: each parameter, and what the optimizer remembers of it, 4 bytes a number.

    The header and what else a resume needs, a kilobyte or so a layer, do not count.
    """
    return 4 * (summary.params + spec.compile.optimizer.slots * summary.trainable_params)


def stored_bytes(spec: JobSpec, summary: Summary) -> int:
    """What a job's weights take in the store at the most."""
    return most_kept(spec.keep, spec.epochs) * epoch_bytes(spec, summary)


def _within(pointer: str, name: str, value: int, limit: int, setting: str) -> None:
    if value > limit:
        raise LimitExceeded(pointer, name, value, limit, f"CNNSERVICE_{setting}")
