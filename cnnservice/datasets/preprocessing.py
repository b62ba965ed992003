"""From pixels and class indices to what a network is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Normalization = Literal["minus_one_one", "zero_one", "standard"]

# What NumPy makes of uint8 pixels in the notebook's own expression, in float64, as Keras then reads it: float32.
_MINUS_ONE_ONE: NDArray[np.float32] = ((np.arange(256) / 255 - 0.5) * 2).astype(np.float32)
_ZERO_ONE: NDArray[np.float32] = (np.arange(256) / 255).astype(np.float32)


@dataclass(frozen=True)
class Normalizer:
    """How one network's pixels become numbers: the same for the images it is trained on and those it is shown.

    mean and std, on the scale 0..255, are one number a channel of `standard`, and empty of the others.
    """

    name: Normalization
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def apply(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(..., H, W, C) uint8 to the same shape, float32.

        minus_one_one is (x / 255 - 0.5) * 2, zero_one is x / 255, standard is (x - mean) / std of the channel; each
        computed in float64 and rounded once.
        """
        if self.name == "minus_one_one":
            return _MINUS_ONE_ONE[images]
        if self.name == "zero_one":
            return _ZERO_ONE[images]
        # A row of 256 values for each channel.
        table = ((np.arange(256)[:, np.newaxis] - self.mean) / self.std).astype(np.float32)
        return table[images, np.arange(len(self.mean))]

    def bounds(self) -> NDArray[np.float32]:
        """The least and the greatest number that it makes of pixels: (2, C) of `standard`, else (2, 1)."""
        channels = len(self.mean) or 1
        return self.apply(np.array([[0] * channels, [255] * channels], np.uint8))

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Normalizer:
        """What record() gave."""
        return cls(record["name"], tuple(record["mean"]), tuple(record["std"]))


def fit_normalizer(name: Normalization, images: NDArray[np.uint8]) -> Normalizer:
    """The normalizer of that name for training images (n, H, W, C) uint8, whose moments `standard` takes.

    A channel that never changes keeps a std of 1, so that it becomes 0 and not a division by 0.
    """
    if name != "standard":
        return Normalizer(name)
    # From counts of the 256 levels: exact, and without a copy of the images in float64.
    values = np.arange(256)
    counts = np.stack([np.bincount(images[..., c].reshape(-1), minlength=256) for c in range(images.shape[-1])])
    total = counts.sum(axis=1)
    mean = counts @ values / total
    variance = (counts * (values - mean[:, np.newaxis]) ** 2).sum(axis=1) / total
    std = np.where(variance > 0, np.sqrt(variance), 1.0)
    return Normalizer(name, tuple(mean.tolist()), tuple(std.tolist()))


def one_hot(labels: NDArray[np.integer[Any]], n_classes: int) -> NDArray[np.float32]:
    """A row for each label with 1 at its class. labels: (n,), 0 to n_classes - 1; returns (n, n_classes) float32."""
    rows: NDArray[np.float32] = np.eye(n_classes, dtype=np.float32)[labels]
    return rows
