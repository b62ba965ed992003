"""The input that maximally activates a filter, by gradient ascent. Source: arXiv 1312.6034, section 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnservice.nn.batches import batch_size
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.walk import walk
from cnnservice.specs.maximization import GROUP, Maximization

Array = NDArray[np.float32]

# What a negative number in a feature map counts. At 0 a filter that is silent everywhere has no gradient and its image
# stays noise. At 1 the mean over the map of a first convolution is the same for every pixel, and its image is flat.
_NEGATIVE = 0.1
# How strong the noise is with which an image begins: the first of these at which its filter has a gradient, because
# of what comes after a ReLU, as a pool, most says nothing of weak noise.
_NOISE = (0.1, 0.5, 1.0)
_BLUR_EVERY = 4


@dataclass(frozen=True)
class Maximized:
    """An image (n, H, W, C) a filter, normalised as in training, and what the objective was before and after, (n,).

    The objective is the mean over the filter's feature map, before the layer's activation function and with negative
    numbers counted at a tenth; the number itself where it is one unit's. moved is False where no step had a gradient:
    then the image is flat, as nothing is preferred.
    """

    images: Array
    start: Array
    end: Array
    moved: NDArray[np.bool_]


class Maximizer:
    """Seeks inputs for the filters of one layer, whatever epoch's weights its model has taken on."""

    def __init__(self, model: WarmModel, layer: str, bounds: Array) -> None:
        """bounds (2, C) are the least and the greatest number that a normalised image can have in each channel."""
        self._shape = tuple(model.keras_model.input_shape[1:])
        self.filters = int(model.keras_model.get_layer(layer).output.shape[-1])
        self._middle, self._half = (bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2
        self._block = batch_size(model.numbers_up_to(layer), GROUP)
        self._model, self._layer = model, layer
        self._objective = tf.function(self._score, reduce_retracing=True)
        self._ascend = tf.function(self._step, reduce_retracing=True)

    def run(
        self, filters: Sequence[int], how: Maximization, progress: Callable[[int, int], None] = lambda _, __: None
    ) -> Maximized:
        """An image for each of the filters, in their order. progress is told how many steps of how many are done.

        A filter's image does not depend on which others are asked for, not by a bit: its noise is seeded by its index,
        and filters are computed in the same blocks always.
        """
        blocks = sorted({index // self._block for index in filters})
        found: dict[int, tuple[Array, Array, Array, NDArray[np.bool_]]] = {}
        for place, block in enumerate(blocks):
            members = range(block * self._block, min((block + 1) * self._block, self.filters))

            def told(step: int, done: int = place * how.steps) -> None:
                progress(done + step, len(blocks) * how.steps)

            parts = self._climb(members, how, told)
            found.update(zip(members, zip(*parts, strict=True), strict=True))
        images, start, end, moved = (np.stack(part) for part in zip(*(found[index] for index in filters), strict=True))
        return Maximized(images, start, end, moved)

    def _climb(self, filters: range, how: Maximization, progress: Callable[[int], None]) -> tuple[Any, ...]:
        chosen, alone = tf.constant(list(filters)), how.objective == "unit"
        image = self._begin(filters, chosen, alone, how.seed)
        shifts = np.random.default_rng(how.seed).integers(-how.shift, how.shift, (how.steps, 2), endpoint=True)
        blurs = [_gaussian(side, how.blur) for side in self._shape[:2]] if how.blur else []
        rates = [tf.constant(rate, tf.float32) for rate in (how.learning_rate, how.decay, how.total_variation)]
        start = self._objective(image, chosen, alone).numpy()
        moved = np.zeros(len(filters), bool)
        for step, shift in enumerate(tf.constant(shifts, tf.int32), start=1):
            image, slope = self._ascend(image, chosen, alone, shift, *rates)
            if blurs and step % _BLUR_EVERY == 0:
                image = tf.einsum("hi,wj,nijc->nhwc", *blurs, image)
            moved |= slope.numpy() > 0
            progress(step)
        image = tf.where(moved[:, None, None, None], image, 0.0)
        end = self._objective(image, chosen, alone).numpy()
        return self._middle + self._half * image.numpy(), start, end, moved

    def _begin(self, filters: range, chosen: tf.Tensor, alone: bool, seed: int) -> tf.Tensor:
        noise = np.stack([np.random.default_rng([seed, index]).standard_normal(self._shape) for index in filters])
        scales = np.full((len(filters), 1, 1, 1), _NOISE[0])
        for scale, stronger in pairwise(_NOISE):
            _, slope = self._ascend(_within(scale * noise), chosen, alone, tf.zeros(2, tf.int32), *tf.zeros(3))
            scales[(slope.numpy() == 0) & (scales[:, 0, 0, 0] == scale)] = stronger
        return _within(scales * noise)

    def _score(self, image: tf.Tensor, filters: tf.Tensor, alone: bool) -> tf.Tensor:
        """The objective (n,) of images (n, H, W, C), each for its own filter."""
        images = self._middle + self._half * image
        outputs = walk(self._model.keras_model, self._model.graph, images, until=self._layer).before[self._layer]
        sides = outputs.shape[1:-1]
        maps = tf.transpose(tf.reshape(outputs, (-1, prod(sides), outputs.shape[-1])), (0, 2, 1))
        own = tf.gather(maps, filters, batch_dims=1)
        if alone or prod(sides) == 1:
            middle = np.ravel_multi_index([side // 2 for side in sides], sides) if sides else 0
            return own[:, middle]
        return tf.reduce_mean(tf.nn.leaky_relu(own, _NEGATIVE), axis=1)

    def _step(
        self,
        image: tf.Tensor,
        filters: tf.Tensor,
        alone: bool,
        shift: tf.Tensor,
        learning_rate: tf.Tensor,
        decay: tf.Tensor,
        total_variation: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The images one step further, and the greatest slope (n,) that each had."""
        gradient = _gradient(lambda x: self._score(tf.roll(x, shift, (1, 2)), filters, alone), image)
        slope = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
        ascent = tf.math.divide_no_nan(gradient, slope) - total_variation * _gradient(tf.image.total_variation, image)
        moved = tf.clip_by_value((1 - decay) * image + learning_rate * ascent, -1.0, 1.0)
        return moved, tf.reshape(slope, (-1,))


def _within(image: NDArray[np.float64]) -> tf.Tensor:
    return tf.constant(np.clip(image, -1, 1), tf.float32)


def _gradient(objective: Callable[[tf.Tensor], tf.Tensor], image: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(image)
        total = tf.reduce_sum(objective(image))
    return tape.gradient(total, image)


def _gaussian(side: int, sigma: float) -> tf.Tensor:
    """A matrix (side, side) that blurs along one side; at the borders what lies outside is left out."""
    distance = np.arange(side)[:, None] - np.arange(side)
    weights = np.exp(-(distance**2) / (2 * sigma**2))
    return tf.constant(weights / weights.sum(axis=1, keepdims=True), tf.float32)
