"""What the JSON endpoints answer with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from api.json_answer import JsonAnswer, nested, tags
from cnnservice.database.tables import Job
from cnnservice.datasets.preprocessing import Normalization
from cnnservice.drawing.grid import Layout
from cnnservice.jobs import Status
from cnnservice.specs.advice import Code, Warning
from cnnservice.specs.applications.union import AnyApplication
from cnnservice.specs.architecture import LayerSummary, Summary
from cnnservice.specs.base import Spec
from cnnservice.specs.job import AnyArchitecture, Compile, JobSpec
from cnnservice.specs.layers.union import AnyLayer
from cnnservice.specs.optimizer import AnyOptimizer

# Written as they are: to look through every number of a large answer before it is sent would find nothing.
FeatureMaps = Annotated[list[Any], WithJsonSchema({"anyOf": [nested(rank, "number") for rank in (1, 2, 3, 4)]})]
Pixels = Annotated[list[Any], WithJsonSchema(nested(3, "integer"))]


LayerType = Annotated[str, Field(json_schema_extra=tags(AnyLayer, "type"))]
OptimizerName = Annotated[str, Field(json_schema_extra=tags(AnyOptimizer, "name"))]


class JobError(JsonAnswer):
    """Why a job failed, in words a person can act on."""

    code: str
    detail: str


class JobLinks(JsonAnswer):
    """Where to go from a job."""

    self: str
    events: str
    cancel: str
    model: str
    history: str
    layers: str


class JobAnswer(JsonAnswer):
    """A job. Its model bears the same id."""

    id: str
    model_id: str
    status: Status
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempt: int = Field(description="1, and one more each time a worker was lost")
    epochs_done: int
    epochs: int = Field(description="how many it trains; numbered onward from start_epoch")
    start_epoch: int = Field(description="0, or the epoch of the model it goes on from")
    stopped_early: bool = Field(description="whether early_stopping ended it before its last epoch")
    progress: float = Field(ge=0, le=1)
    eta_seconds: float | None = Field(description="estimated from the last epoch; null when nothing is known yet")
    latest: dict[str, float] | None = Field(description="loss and metrics of the last finished epoch")
    error: JobError | None
    sweep_id: str | None = Field(description="the sweep that it is a trial's of")
    spec: JobSpec
    owner: str | None = Field(description="whose key posted it; null where there were no keys")
    links: JobLinks


def job_answer(job: Job) -> JobAnswer:
    """A job as its JSON."""
    epochs_exact = job.epochs_done + job.epoch_progress
    remaining = job.epochs - epochs_exact
    running = job.status == "running" and job.seconds_per_epoch is not None
    model = f"/v1/models/{job.id}"
    return JobAnswer(
        id=job.id,
        model_id=job.id,
        status=job.status,
        created_at=time_of(job.created_at),
        started_at=optional_time(job.started_at),
        ended_at=optional_time(job.ended_at),
        attempt=job.attempt,
        epochs_done=job.epochs_done,
        epochs=job.epochs,
        start_epoch=job.start_epoch,
        stopped_early=job.status == "succeeded" and job.epochs_done < job.epochs,
        progress=1.0 if job.status == "succeeded" else min(epochs_exact / job.epochs, 1.0),
        eta_seconds=round(remaining * job.seconds_per_epoch, 1) if running and job.seconds_per_epoch else None,
        latest=job.latest,
        error=JobError.model_validate(job.error) if job.error else None,
        sweep_id=job.sweep_id,
        spec=JobSpec.model_validate(job.spec),
        owner=job.owner,
        links=JobLinks(
            self=f"/v1/jobs/{job.id}",
            events=f"/v1/jobs/{job.id}/events",
            cancel=f"/v1/jobs/{job.id}/cancel",
            model=model,
            history=f"{model}/history.json",
            layers=f"{model}/layers",
        ),
    )


class JobPage(JsonAnswer):
    """Jobs, newest first."""

    items: list[JobAnswer]
    next_cursor: str | None = Field(description="to be sent as `cursor` for the next page; null on the last")


class LayerAnswer(JsonAnswer):
    """A layer's place in the network. output_shape is without the batch dimension."""

    name: str
    type: LayerType
    output_shape: list[int]
    params: int
    trainable: bool = Field(description="whether it learns anything")
    trainable_params: int = Field(description="those of params that training changes")
    inputs: list[str] = Field(description="the layers it reads; `input` is the image")
    formula: str = Field(
        description="how params comes about: height*width*channels*filters+biases", examples=["5*5*32*64+64"]
    )


class Advice(JsonAnswer):
    """Something to think twice about."""

    pointer: str = Field(description="JSON pointer to what it is about")
    code: Code
    detail: str


class SummaryAnswer(JsonAnswer):
    """A network, layer by layer."""

    input_shape: list[int]
    output_shape: list[int]
    params: int
    trainable_params: int
    layers: list[LayerAnswer]
    warnings: list[Advice] = Field(description="what is allowed, but will probably not do what was meant")


def layer_answer(layer: LayerSummary) -> LayerAnswer:
    """A layer as its JSON."""
    return LayerAnswer(
        name=layer.name,
        type=layer.type,
        output_shape=list(layer.output_shape),
        params=layer.params,
        trainable=layer.trainable,
        trainable_params=layer.trainable_params,
        inputs=list(layer.inputs),
        formula=layer.formula,
    )


def summary_answer(summary: Summary, advice: Iterable[Warning]) -> SummaryAnswer:
    """A network as its JSON."""
    return SummaryAnswer(
        input_shape=list(summary.input_shape),
        output_shape=list(summary.output_shape),
        params=summary.params,
        trainable_params=summary.trainable_params,
        layers=[layer_answer(layer) for layer in summary.layers],
        warnings=[Advice(pointer=each.pointer, code=each.code, detail=each.detail) for each in advice],
    )


class Preset(JsonAnswer):
    """An architecture that ships."""

    name: str
    description: str
    input_shape: list[int] = Field(description="the images it is listed for; it fits itself to others")
    optimizer: OptimizerName = Field(description="one that it is known to train well with")
    params: int
    base: AnyApplication | None
    layers: list[AnyLayer]


class PresetList(JsonAnswer):
    """Every architecture that ships."""

    items: list[Preset]


class ArchitectureQuestion(Spec):
    """An architecture to be checked for a data set."""

    dataset: str = Field(min_length=1, max_length=64, examples=["mnist"])
    architecture: AnyArchitecture = Field("cnn", examples=["cnn"])
    compile: Compile = Field(Compile(), description="what the warnings about the output go by")


class Lineage(JsonAnswer):
    """What a model goes on from; null for one that began anew."""

    parent: str | None = None
    epoch: int | None = None
    children: list[str] = Field(description="models that go on from this one")


class NormalizationAnswer(JsonAnswer):
    """How pixels become what a network reads. mean and std are by channel, of `standard`, and empty of the others."""

    name: Normalization
    mean: list[float]
    std: list[float]


class Runtime(JsonAnswer):
    """Where a network was trained."""

    device: str
    versions: dict[str, str] = Field(description="of keras, tensorflow and numpy")


class ModelLinks(JsonAnswer):
    """Where to go from a model."""

    self: str
    job: str
    layers: str
    history: str
    evaluation: str
    export: str


class ModelAnswer(SummaryAnswer):
    """A model at an epoch."""

    id: str
    job_id: str
    status: Status
    dataset: str
    classes: list[str]
    epoch: int
    epochs_available: list[int] = Field(description="those whose weights are in the store")
    stored_bytes: int = Field(description="what they take there")
    lineage: Lineage
    normalization: NormalizationAnswer
    runtime: Runtime | None = Field(description="device and versions for which this training repeats bit for bit")
    links: ModelLinks


class WeightStatistics(JsonAnswer):
    """One weight array in numbers."""

    name: str
    shape: list[int]
    dtype: str
    min: float
    max: float
    mean: float
    std: float


class LayerWeights(LayerAnswer):
    """A layer with its weights in numbers."""

    weights: list[WeightStatistics]


class DuplicateGroup(JsonAnswer):
    """Filters whose kernels point the same way: each reaches every other over pairs of cosine `threshold` or more."""

    filters: list[int]
    similarity: float = Field(description="the least cosine of those pairs; filters that only others join differ more")


class LayerAnalysis(LayerWeights):
    """A layer with its weights in numbers, and what there is to say of its filters.

    A filter's index is that of its channel in the output. All four are null where the layer has no kernel, and where
    `analysis` is false.
    """

    filters: int | None = Field(None, description="how many filters, or units, it has")
    duplicate_filters: list[DuplicateGroup] | None = Field(
        None,
        description="groups of filters that, but for their lengths and biases, compute the same: cosine of the "
        "flattened kernels. Of a separable convolution that of the kernels that its two make together; of a depthwise "
        "one also between filters that read different channels",
    )
    zero_filters: list[int] | None = Field(
        None,
        description="filters whose kernel is zero throughout: equal, but without a direction, and so in no group",
    )
    dead_filters: list[int] | None = Field(
        None,
        description="filters whose output is zero at every position of every test image of the model's training: the "
        "layer's own output, after its activation, or that of the batch_normalization and activation layers after it, "
        "for as long as nothing else reads what they read",
    )


class LayersAnswer(JsonAnswer):
    """Every layer at an epoch."""

    model_id: str
    epoch: int
    layers: list[LayerWeights]


class History(JsonAnswer):
    """Loss and accuracy by epoch; the lists are parallel to `epoch`."""

    model_id: str
    epoch: list[int]
    seconds: list[float]
    history: dict[str, list[float]] = Field(examples=[{"loss": [2.29, 1.1], "val_loss": [2.28, 0.9]}])


class Grid(JsonAnswer):
    """How the tiles of the picture lie: tile (r, c) begins at pixel (r*row_pitch, c*col_pitch).

    The pitches are H*scale+gap and W*scale+gap, and more where a tile has a label, or planes with seams between them.
    """

    rows: int
    cols: int
    scale: int
    gap: int
    row_pitch: int
    col_pitch: int

    @staticmethod
    def of(plan: Layout) -> Grid:
        """That of a picture."""
        return Grid(
            rows=plan.rows,
            cols=plan.cols,
            scale=plan.scale,
            gap=plan.gap,
            row_pitch=plan.row_pitch,
            col_pitch=plan.col_pitch,
        )


class SliceRange(JsonAnswer):
    """The range of the numbers in one tile."""

    index: int
    min: float
    max: float


class Drawing(JsonAnswer):
    """The numbers behind a picture of tiles; the `.npy` twin holds the slices themselves."""

    model_id: str
    layer: str
    epoch: int
    shape: list[int] = Field(description="of the array the slices were cut from")
    slice_shape: list[int]
    grid: Grid
    indices: list[int]
    slices: list[SliceRange]


class FilterSheet(Drawing):
    """Filters of a layer at an epoch."""

    weight: str = Field(description="the kernel's name")
    channel: int | Literal["all"] | None = Field(
        description="null where the layer's kind has its own way: each pixel's colour"
    )
    minus: int | None = Field(description="the epoch that was subtracted")


class Vector(JsonAnswer):
    """One value a channel."""

    name: str
    values: list[float]


class VectorSheet(JsonAnswer):
    """A layer's biases and the like at an epoch."""

    model_id: str
    layer: str
    epoch: int
    vectors: list[Vector]


class Histogram(JsonAnswer):
    """A layer's weights by value and epoch; the lists are parallel to `epoch`."""

    model_id: str
    layer: str
    weight: str
    epoch: list[int]
    edges: list[float] = Field(description="of the bins, one more than there are bins")
    counts: list[list[int]] = Field(description="weights in each bin, a list an epoch")
    percentiles: dict[str, list[float]] = Field(description="0, 5, 50, 95 and 100 %")


class ActivationSheet(Drawing):
    """Feature maps of one image at a layer."""

    image: str


class ActivationValues(ActivationSheet):
    """Feature maps of one image with every number, nested as `shape` says."""

    values: FeatureMaps


class TopClass(JsonAnswer):
    """A class and what the network says of it."""

    class_index: int = Field(serialization_alias="class", validation_alias="class")
    name: str
    probability: float


class Prediction(JsonAnswer):
    """What the network says of one image, in the order of the classes."""

    model_id: str
    epoch: int
    image: str
    label: int | None = Field(description="the true class, where the image is from a data set")
    probabilities: list[float] = Field(description="the last layer's outputs; where they are logits, their softmax")
    logits: list[float] | None = Field(description="what goes into the last layer's softmax or sigmoid")
    top: list[TopClass] = Field(description="the five most probable classes, first the most probable")


class DatasetAnswer(JsonAnswer):
    """A data set."""

    name: str
    shape: list[int] = Field(description="[height, width, channels]")
    classes: list[str]
    splits: dict[str, int] = Field(description="images in the whole data set")
    dtype: str
    source: str
    licence: str
    available: bool = Field(description="whether a job of the default size can begin without fetching anything")
    samples_on_disk: dict[str, int] = Field(description="images that are here now")
    class_counts: dict[str, list[int]] = Field(
        description="of the images that are here, by split: how many of each class"
    )
    built_in: bool = Field(description="whether it comes with the service and cannot be deleted")


class DatasetList(JsonAnswer):
    """Every data set."""

    items: list[DatasetAnswer]
    next_cursor: str | None = None


class SampleAnswer(JsonAnswer):
    """One image of a data set."""

    reference: str
    dataset: str
    split: str
    index: int
    label: int
    class_name: str
    shape: list[int]
    pixels: Pixels = Field(description="0 to 255, nested as [height][width][channels]")


class UploadAnswer(JsonAnswer):
    """An upload that can be named again."""

    id: str = Field(description="SHA-256 of the file")
    reference: str = Field(examples=["upload:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    width: int
    height: int


class ReferenceBody(JsonAnswer):
    """An image named instead of sent."""

    image: str = Field(max_length=200, examples=["mnist:test:0"])


def time_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def optional_time(seconds: float | None) -> datetime | None:
    return None if seconds is None else time_of(seconds)
