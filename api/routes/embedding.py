"""A layer's representation of the test images, laid out in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from api.caching import Conditional
from api.computing import ACCEPTED, computed
from api.drawn import draw_scatter_png, scatter_films, scatter_html
from api.frames import caption, shown_epochs
from api.problem_groups import COMPUTED, LAYER, SPLIT
from api.problem_types import NOT_FINITE
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery, WaitQuery
from api.representation_schemas import Embedding
from api.represented import ImagesQuery, images_represented
from api.services import Services, ServicesDep
from api.sheets import npy
from cnnservice.computations import Question
from cnnservice.database.tables import Epoch
from cnnservice.drawing.scatter import picture_size
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.results import Result
from cnnservice.specs.embedding import MOST_DIMENSIONS, Projection, resolved
from cnnservice.specs.errors import BadSetting, LimitExceeded

router = APIRouter(prefix="/v1/models/{model_id}/layers/{layer}", tags=["representations"])
_RESPONSES = {
    **ACCEPTED,
    **NOT_MODIFIED,
    **problems(*LAYER, *SPLIT, *COMPUTED, BadSetting, NOT_FINITE),
}
_NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


class EmbeddingQuery(Projection, ImagesQuery, EpochQuery, WaitQuery):
    """By which method, of how many images, at which epoch."""


Embeddings = Annotated[EmbeddingQuery, Query()]


@router.get(
    "/embedding.json",
    summary="Test images in the plane, in numbers",
    response_model=Embedding,
    responses=_RESPONSES,
)
async def get_embedding(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """Each test image as a point, alike ones near each other; and how far classes lie apart in the layer itself."""
    laid = await _lay_out(model_id, layer, query, request, services)
    if isinstance(laid, Response):
        return laid
    return laid.conditional.respond(_told(laid), "application/json")


@router.get(
    "/embedding.png",
    summary="Test images in the plane, drawn",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **_RESPONSES},
)
async def draw_embedding_png(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """A point a test image, in the colour of its class."""
    laid = await _lay_out(model_id, layer, query, request, services)
    if isinstance(laid, Response):
        return laid
    note = f"{laid.samples} · {laid.apart(0)}"
    title = f"{layer} · epoch {laid.snapshot.epoch} · {laid.method()}"
    png = await run_in_threadpool(draw_scatter_png, *laid.drawn(laid.points[0]), title=title, note=note)
    return laid.conditional.respond(png, "image/png")


@router.get(
    "/embedding.npy",
    summary="Test images in the plane, as an array",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_RESPONSES},
)
async def get_embedding_npy(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """The points, float32 (n, 2), in the order of the JSON."""
    laid = await _lay_out(model_id, layer, query, request, services)
    if isinstance(laid, Response):
        return laid
    return laid.conditional.respond(npy(laid.points[0]), "application/octet-stream")


@router.get(
    "/embedding.html",
    summary="Test images in the plane by epoch, as a page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **_RESPONSES},
)
async def animate_embedding_html(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """One self-contained page with play, pause, step, speed and a slider, from epoch 0 to the one asked for.

    Each epoch's points begin from those of the one after it and are turned to lie nearest to them; the last is its
    still picture. Of more epochs than CNNSERVICE_MAX_ANIMATION_FRAMES as many are shown, evenly spread.
    """
    laid = await _lay_out(model_id, layer, query, request, services, moving=True)
    if isinstance(laid, Response):
        return laid
    page = await run_in_threadpool(
        scatter_html, *laid.drawn(laid.points), references=laid.references, **laid.frame_texts()
    )
    return laid.conditional.respond(page, "text/html")


@router.get(
    "/embedding.gif",
    summary="Test images in the plane by epoch, as a GIF",
    response_class=Response,
    responses={200: {"content": {"image/gif": {}}}, **_RESPONSES},
)
async def animate_embedding_gif(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """A frame an epoch, 400 ms each, without end."""
    return await _film("gif", model_id, layer, query, request, services)


@router.get(
    "/embedding.webp",
    summary="Test images in the plane by epoch, as a WebP",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **_RESPONSES},
)
async def animate_embedding_webp(
    model_id: str, layer: str, query: Embeddings, request: Request, services: ServicesDep
) -> Response:
    """The same as the GIF, without loss."""
    return await _film("webp", model_id, layer, query, request, services)


@dataclass(frozen=True)
class _Laid:
    """What was computed of the epochs in rows, and what it is drawn with."""

    snapshot: Snapshot
    layer: str
    projection: Projection
    rows: list[Epoch]
    note: str
    conditional: Conditional
    result: Result

    @property
    def points(self) -> NDArray[np.float32]:
        """(epochs, n, 2)."""
        return self.result.arrays["points"]

    @property
    def references(self) -> list[str]:
        """The images."""
        return [f"{self.snapshot.dataset.name}:test:{index}" for index in self.result.arrays["indices"].tolist()]

    @property
    def samples(self) -> str:
        """How many images of what."""
        return f"{self.points.shape[1]} test images of {self.snapshot.dataset.name}"

    def number(self, name: str, frame: int) -> float | None:
        """One of the numbers of an epoch."""
        value = float(self.result.arrays[name][frame])
        return value if isfinite(value) else None

    def apart(self, frame: int) -> str:
        """How far classes lie apart, in words."""
        silhouette, accuracy = (self.number(name, frame) for name in ("silhouette", "neighbor_accuracy"))
        if silhouette is None or accuracy is None:
            return "all alike"
        return f"silhouette {silhouette:.2f} · neighbours tell {100 * accuracy:.1f} % of the classes"

    def explained(self) -> tuple[float, float] | None:
        """Of the last epoch."""
        first, second = self.result.arrays["explained"][-1].tolist()
        return (first, second) if isfinite(first) else None

    def method(self) -> str:
        """The method by its name, and what it was told."""
        name, shares = _NAMES[self.projection.method], self.explained()
        if shares is not None:
            return f"{name}, {100 * shares[0]:.0f} % and {100 * shares[1]:.0f} % of the variance"
        said = (f"{parameter} {value:g}" for parameter, value in _parameters(self.projection).items())
        return ", ".join([name, *said])

    def drawn(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
        """What every picture is given."""
        return points, self.result.arrays["labels"], self.snapshot.dataset.classes

    def frame_texts(self) -> dict[str, Any]:
        """What is written on every animation."""
        return {
            "epochs": [row.epoch for row in self.rows],
            "captions": [
                f"{caption(row)} · silhouette {silhouette:.2f}" if silhouette is not None else caption(row)
                for row, silhouette in ((row, self.number("silhouette", i)) for i, row in enumerate(self.rows))
            ],
            "title": f"{self.layer} · {_NAMES[self.projection.method]}",
            "note": f"{self.samples}. {self.note}".strip(),
        }


async def _lay_out(
    model_id: str,
    layer: str,
    query: EmbeddingQuery,
    request: Request,
    services: Services,
    *,
    moving: bool = False,
    within_pixels: bool = False,
) -> _Laid | Response:
    """What was computed, or the answer to give instead."""
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    summary = snapshot.layer(layer)
    images = images_represented(query.images, snapshot.spec.test_samples, [summary], services.settings)
    projection = resolved(query, images)
    rows, note = [snapshot.row], ""
    if moving:
        shown = await run_in_threadpool(shown_epochs, services, snapshot)
        rows, note = shown.rows, shown.note
    if within_pixels:
        _check_pixels(snapshot, len(rows), services)
    epochs = [row.epoch for row in rows]
    identity = f"{snapshot.identity} {images} {epochs}"
    conditional = Conditional(request, query.epoch, identity, query)
    if (answer := conditional.not_modified()) is not None:
        return answer
    question = Question(
        "embedding",
        [snapshot.at(row) for row in rows],
        {"layer": layer, "epochs": epochs, "images": images, "projection": projection.model_dump(exclude_none=True)},
    )
    result = await computed(services, request, question, query, epoch=snapshot.epoch)
    if isinstance(result, Response):
        return result
    return _Laid(snapshot, layer, projection, rows, note, conditional, result)


def _check_pixels(snapshot: Snapshot, frames: int, services: Services) -> None:
    width, height = picture_size(snapshot.dataset.classes, scale=1)
    pixels, limit = width * height * frames, services.settings.max_animation_pixels
    if pixels > limit:
        what = "the animation's pixels, all epochs together,"
        raise LimitExceeded("?epoch", what, pixels, limit, "CNNSERVICE_MAX_ANIMATION_PIXELS")


async def _film(
    encoding: Literal["gif", "webp"],
    model_id: str,
    layer: str,
    query: EmbeddingQuery,
    request: Request,
    services: Services,
) -> Response:
    laid = await _lay_out(model_id, layer, query, request, services, moving=True, within_pixels=True)
    if isinstance(laid, Response):
        return laid
    film = await run_in_threadpool(scatter_films[encoding], *laid.drawn(laid.points), **laid.frame_texts())
    return laid.conditional.respond(film, f"image/{encoding}")


def _parameters(projection: Projection) -> dict[str, float]:
    without = {"method", "seed"} if projection.method == "pca" else {"method"}
    return projection.model_dump(exclude_none=True, exclude=without)


def _told(laid: _Laid) -> Embedding:
    points, labels, classes = laid.drawn(laid.points[0])
    summary = laid.snapshot.layer(laid.layer)
    dimensions = int(np.prod(summary.output_shape))
    reduced = laid.projection.method != "pca" and dimensions > MOST_DIMENSIONS
    return Embedding(
        model_id=laid.snapshot.job.id,
        epoch=laid.snapshot.epoch,
        layer=laid.layer,
        method=laid.projection.method,
        parameters=_parameters(laid.projection),
        dimensions=dimensions,
        reduced_to=MOST_DIMENSIONS if reduced else None,
        explained_variance=laid.explained(),
        silhouette=laid.number("silhouette", 0),
        neighbor_accuracy=laid.number("neighbor_accuracy", 0),
        classes=list(classes),
        points=points.tolist(),
        labels=labels.tolist(),
        images=laid.references,
    )
