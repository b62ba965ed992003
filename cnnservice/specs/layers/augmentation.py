"""Random changes of the images, in training only. A factor f stands for the range from -f to f."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from cnnservice.specs.layers.base import LayerSpec, Shape, needs_rank
from cnnservice.specs.layers.dropout import Seed
from cnnservice.specs.layers.windows import WHAT

Share = Annotated[float, Field(ge=0, le=1)]
SignedShare = Annotated[float, Field(ge=-1, le=1)]
Factor = Share | tuple[SignedShare, SignedShare]
FillMode = Literal["reflect", "wrap", "constant", "nearest"]
Interpolation = Literal["nearest", "bilinear"]


class Augmentation(LayerSpec):
    """What they share: images in, images out, and the identity outside training."""

    augments: ClassVar[bool] = True

    seed: Seed | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        return input_shape

    def is_linear(self) -> bool:
        return True


class RandomFlip(Augmentation):
    """keras.layers.RandomFlip."""

    type: Literal["random_flip"] = "random_flip"
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal_and_vertical"


class Moving(Augmentation):
    """Those that move pixels to where none was: what stands there then."""

    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    fill_value: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0


class RandomTranslation(Moving):
    """keras.layers.RandomTranslation: shifts by a share of height and width."""

    type: Literal["random_translation"] = "random_translation"
    height_factor: Factor
    width_factor: Factor


class RandomRotation(Moving):
    """keras.layers.RandomRotation: factor is a share of a full turn."""

    type: Literal["random_rotation"] = "random_rotation"
    factor: Factor


class RandomZoom(Moving):
    """keras.layers.RandomZoom: a negative factor zooms in. width_factor is height_factor where not given."""

    type: Literal["random_zoom"] = "random_zoom"
    height_factor: Factor
    width_factor: Factor | None = None


class RandomContrast(Augmentation):
    """keras.layers.RandomContrast: about each channel's mean, clipped to value_range.

    value_range is what the normalisation makes of images, -1 to 1 by default; Keras' own default is 0 to 255.
    """

    type: Literal["random_contrast"] = "random_contrast"
    factor: Share | tuple[Share, Share]
    value_range: tuple[float, float] = (-1.0, 1.0)

    @model_validator(mode="after")
    def _in_order(self) -> RandomContrast:
        if self.value_range[0] >= self.value_range[1]:
            raise ValueError("value_range is (low, high); low must be below high")
        return self
