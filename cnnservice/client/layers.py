"""A layer of a model: what it has learned, and what it makes of images."""

from __future__ import annotations

from typing import Any, Unpack

from cnnservice.client.images import ImageLike, reference_of
from cnnservice.client.parameters import (
    Epoch,
    FilterDrawing,
    HistogramDrawing,
    Invert,
    MaximizationDrawing,
    Projection,
    SheetDrawing,
    TopImagesDrawing,
)
from cnnservice.client.pictures import Page, Picture
from cnnservice.client.place import NUMBERED, PLOTTED, Place


class Layer:
    """Pictures of a layer. epoch 0 is before training; without one, that of the model it was taken from."""

    def __init__(self, model: Place, name: str) -> None:
        self.name = name
        self._place = model.below("layers", name)

    @property
    def json(self) -> dict[str, Any]:
        """Its place in the network, its weights in numbers, dead and duplicate filters. Raises ProblemError."""
        document: dict[str, Any] = self._place.json()
        return document

    def filters(self, *, epoch: Epoch | None = None, **drawing: Unpack[FilterDrawing]) -> Picture:
        """Its kernel, a slice a tile; array is (n, H, W)."""
        return self._place.below("filters").picture(NUMBERED, epoch, drawing)

    def animation(self, *, epoch: Epoch | None = None, **drawing: Unpack[FilterDrawing]) -> Page:
        """Its filters by epoch, up to epoch."""
        return self._place.below("animation").page(epoch, drawing)

    def activations(
        self,
        image: ImageLike,
        *,
        epoch: Epoch | None = None,
        invert: Invert | None = None,
        **drawing: Unpack[SheetDrawing],
    ) -> Picture:
        """Its feature maps of an image; array is (n, H, W), of a dense layer (units,). Raises BadImage."""
        reference = reference_of(self._place.transport, image)
        parameters = {"image": reference, "invert": invert, **drawing}
        return self._place.below("activations").picture(NUMBERED, epoch, parameters)

    def values(self, *, epoch: Epoch | None = None) -> Picture:
        """Its biases, or a normalisation's numbers, a value a channel."""
        return self._place.below("values").picture(PLOTTED, epoch, {})

    def histogram(self, *, epoch: Epoch | None = None, **drawing: Unpack[HistogramDrawing]) -> Picture:
        """How its weights are spread, by epoch."""
        return self._place.below("histogram").picture(PLOTTED, epoch, drawing)

    def maximization(self, *, epoch: Epoch | None = None, **drawing: Unpack[MaximizationDrawing]) -> Picture:
        """The input that each filter, unit or logit answers to most; waited for. Source: arXiv 1312.6034."""
        return self._place.below("maximization").picture(NUMBERED, epoch, drawing)

    def maximization_animation(self, *, epoch: Epoch | None = None, **drawing: Unpack[MaximizationDrawing]) -> Page:
        """The same by epoch; waited for."""
        return self._place.below("maximization").page(epoch, drawing)

    def top_images(self, *, epoch: Epoch | None = None, **drawing: Unpack[TopImagesDrawing]) -> Picture:
        """The test images that each filter answers to most; waited for. Source: arXiv 1311.2901."""
        return self._place.below("top_images").picture(("png", "json"), epoch, drawing)

    def embedding(self, *, epoch: Epoch | None = None, **projection: Unpack[Projection]) -> Picture:
        """The test images as it lays them out, in the plane; array is (images, 2). Waited for."""
        return self._place.below("embedding").picture(NUMBERED, epoch, projection)

    def embedding_animation(self, *, epoch: Epoch | None = None, **projection: Unpack[Projection]) -> Page:
        """The same by epoch; waited for."""
        return self._place.below("embedding").page(epoch, projection)

    def __repr__(self) -> str:
        return f"<Layer {self.name}>"
