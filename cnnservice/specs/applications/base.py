"""What a ready-made network under one's own layers has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnservice.specs.base import Spec
from cnnservice.specs.layers.base import LayerSpec, Shape, ShapeMismatch
from cnnservice.specs.layers.windows import by


class ApplicationSpec(Spec, ABC):
    """The convolutional part of a network of keras.applications, without its classifier.

    Its layers bear the names that Keras gives them, which is how weights find their place.
    """

    keras_name: ClassVar[str]
    least_side: ClassVar[int] = 32

    weights: Annotated[
        Literal["imagenet"] | None,
        Field(description="`imagenet`: trained there, fetched when the job runs; null: from scratch"),
    ] = "imagenet"
    trainable: Annotated[bool, Field(description="whether training changes it; frozen by default")] = False

    def layers(self, input_shape: Shape) -> tuple[LayerSpec, ...]:
        """Its layers, all named, for images (H, W, C). Raises ShapeMismatch where Keras would not build it."""
        height, width, channels = input_shape
        if min(height, width) < self.least_side:
            raise ShapeMismatch(
                f"needs images of at least {self.least_side}x{self.least_side}, not {by((height, width))}"
            )
        if self.weights is not None and channels != 3:
            raise ShapeMismatch(f"has ImageNet's weights for images of 3 channels, not {channels}; use weights null")
        return self._layers(input_shape)

    @abstractmethod
    def _layers(self, input_shape: Shape) -> tuple[LayerSpec, ...]: ...
