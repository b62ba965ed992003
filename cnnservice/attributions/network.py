"""A trained network as the methods see it: NumPy in, NumPy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cnnservice.specs.architecture import Summary

Array = NDArray[np.float32]
# The middle, in pixels, of what each row, and each column, of a feature map depends on.
Places = tuple[Sequence[float], Sequence[float]]
# How an activation function, such as ReLU, lets a signal through on its way back to the image.
Rule = Literal["gradient", "guided", "deconvnet"]


class Network(Protocol):
    """A network with the weights of one epoch.

    images are (n, H, W, C), normalised as in training. A class's score is its logit: what goes into the last softmax or
    sigmoid, or the last output where there is neither.
    """

    @property
    def background(self) -> Array:
        """(C,): what surrounds things in the data set's images, normalised."""

    @property
    def summary(self) -> Summary:
        """Its layers and their shapes."""

    def places(self, layer: str) -> Places:
        """Where in the image the positions of a layer's maps (h, w) lie: h middles of rows, w middles of columns."""

    def scores(self, images: Array) -> Array:
        """(n, classes)."""

    def gradients(self, images: Array, target: int, rule: Rule = "gradient") -> Array:
        """The score of the class `target` derived by every pixel, (n, H, W, C).

        A rule other than gradient takes the place of the derivative of every activation function that the signal
        passes on its way back: guided lets through what is positive, of what the derivative would; deconvnet what is
        positive, whatever the function's own input was.
        """

    def projections(self, images: Array, layer: str, filter_index: int, rule: Rule, *, strongest: bool) -> Array:
        """A filter's activation sent back to the pixels, (n, H, W, C).

        What is sent back is the filter's feature map; with strongest its greatest value alone, all others 0.
        """

    def maps(self, images: Array, layer: str) -> Array:
        """A layer's feature maps (n, h, w, k)."""

    def map_gradients(self, images: Array, layer: str, target: int) -> tuple[Array, Array]:
        """A layer's feature maps, and the score of the class `target` derived by them, both (n, h, w, k)."""

    def relevances(self, images: Array, target: int, epsilon: float) -> Array:
        """The score of the class `target` handed back to the pixels by the epsilon rule, (n, H, W, C)."""
