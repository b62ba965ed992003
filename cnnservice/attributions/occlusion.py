"""Occlusion. Source: Zeiler and Fergus, arXiv 1311.2901, section 4.2."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from cnnservice.attributions.baseline import Baseline, baseline_colour
from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary

# Numbers in the images sent at once: 64 MB.
_AT_ONCE = 1 << 24


class Occlusion(Method):
    """How much the class's score falls when a window of the image is covered.

    A pixel's value is the mean fall over the windows that cover it. The windows stand `stride` pixels apart, their
    centres from the first pixel on, and may hang over the image's edge.
    """

    name: ClassVar = "occlusion"
    title: ClassVar = "Occlusion"
    source: ClassVar = "arXiv 1311.2901"
    trust: ClassVar = (
        "Measures what it shows: no gradient, no rule. But what covers is itself something to see: on a black "
        "background a black window erases strokes, and cannot show that a gap matters; and two parts of which either "
        "is enough seem both unimportant."
    )
    signed: ClassVar = True

    window: Annotated[int, Field(ge=1, le=512, description="pixels a side")] = 5
    stride: Annotated[int, Field(ge=1, le=512, description="pixels from one window to the next")] = 1
    baseline: Baseline = "background"

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        colour = baseline_colour(self.baseline, network, image)
        windows = list(self._windows(image.shape))
        (score,) = network.scores(image[None])[:, target]
        falls = np.zeros(image.shape[:2])
        covered = np.zeros(image.shape[:2])
        batch = max(1, _AT_ONCE // image.size)
        for start in range(0, len(windows), batch):
            some = windows[start : start + batch]
            images = np.repeat(image[None], len(some), axis=0)
            for occluded, window in zip(images, some, strict=True):
                occluded[window] = colour
            for window, occluded_score in zip(some, network.scores(images)[:, target], strict=True):
                falls[window] += score - occluded_score
                covered[window] += 1
        values = np.divide(falls, covered, out=np.zeros_like(falls), where=covered > 0)
        return Attribution(values.astype(np.float32)[..., np.newaxis])

    def passes(self, summary: Summary) -> int:
        height, width, _ = summary.input_shape
        return 1 + ceil(height / self.stride) * ceil(width / self.stride)

    def _windows(self, shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
        before = self.window // 2
        for row in range(0, shape[0], self.stride):
            for col in range(0, shape[1], self.stride):
                top, left = row - before, col - before
                yield slice(max(top, 0), top + self.window), slice(max(left, 0), left + self.window)
