"""Whether methods of attribution show what a network has learned. Source: Adebayo et al., arXiv 1810.03292."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.attributions.method import Attribution
from cnnservice.attributions.network import Array, Network
from cnnservice.attributions.registry import METHODS
from cnnservice.drawing.heat import one_plane
from cnnservice.models import Snapshot
from cnnservice.results import Result
from cnnservice.specs.sanity import SanityCheck
from worker.computations.work import Work
from worker.explaining import explained
from worker.samples import test_split, train_split


@dataclass(frozen=True)
class _Map:
    """One image's map by one method: compared in its own resolution (h, w), and drawn over the image (H, W).

    What it takes to lay a map over an image, as the border where its layer has no place, is alike in all of them.
    """

    compared: Array
    drawn: Array

    @classmethod
    def of(cls, found: Attribution, *, signed: bool) -> _Map:
        plane = one_plane(found.values, signed=signed)
        return cls(plane if found.cam is None else found.cam, plane)


Maps = list[_Map]


def sanity_check(work: Work) -> Result:
    """The maps of each method before and after weights are made random, and how alike they are.

    The arguments are those of SanityCheck. The arrays are the maps of the first image: original (methods, H, W), and
    cascading and independent (methods, layers, H, W), data (methods, H, W), where asked for. The document has the
    similarities and a verdict a method.
    """
    from cnnservice.sanity.verdicts import FOLLOWS_BELOW, HARDLY_FROM, Step, judge

    check = SanityCheck.model_validate({name: work.arguments[name] for name in SanityCheck.model_fields})
    snapshot = work.snapshot()
    series = _Series(work, check, snapshot)
    found = dict(series.all())
    judged = found.get("cascading") or found["independent"]
    methods = []
    for number, name in enumerate(check.methods):
        told = {
            kind: [{"layer": step.layer, **step.similarities[number]} for step in steps]
            for kind, steps in found.items()
        }
        verdict, reason = judge([Step(step.layer, step.similarities[number]) for step in judged])
        methods.append({"method": name, "verdict": verdict, "reason": reason, **told})
    document = {
        "images": series.references,
        "targets": series.targets,
        "methods": methods,
        "follows_below": FOLLOWS_BELOW,
        "hardly_from": HARDLY_FROM,
        "data_training": series.data_training,
    }
    arrays = {kind: np.stack([step.first_maps for step in steps], axis=1) for kind, steps in found.items()}
    return Result({"original": series.first(series.before), **arrays}, document)


@dataclass(frozen=True)
class _Randomized:
    """After a layer was made random: by method the similarities, and the maps (methods, H, W) of one image."""

    layer: str
    similarities: list[dict[str, float]]
    first_maps: NDArray[np.float32]


class _Series:
    """The maps before, and those after each randomization."""

    def __init__(self, work: Work, check: SanityCheck, snapshot: Snapshot) -> None:
        self._work, self._check, self._snapshot = work, check, snapshot
        self._model = work.model(snapshot)
        self._network = explained(self._model, snapshot)
        images, labels = test_split(work.parts, snapshot)
        chosen = _of_each_class_in_turn(labels.argmax(axis=1))[: check.images]
        self._images = images[chosen]
        self.references = [f"{snapshot.dataset.name}:test:{index}" for index in chosen]
        self.targets = self._network.scores(self._images).argmax(axis=1).tolist()
        self.data_training: dict[str, Any] | None = None
        self._steps_done = 0
        self.before = self._maps(self._network, "the maps before")

    def all(self) -> Iterator[tuple[str, list[_Randomized]]]:
        """Each kind of randomization that was asked for, with its steps from the last layer down."""
        for kind in ("cascading", "independent"):
            if self._check.randomization in (kind, "both"):
                yield kind, list(self._layer_by_layer(kind))
        if self._check.data_randomization:
            yield "data", [self._trained_on_random_labels()]

    def first(self, maps: list[Maps]) -> NDArray[np.float32]:
        """Those of the first image, (methods, H, W)."""
        return np.stack([of_method[0].drawn for of_method in maps])

    def _layer_by_layer(self, kind: str) -> Iterator[_Randomized]:
        from cnnservice.nn.randomizing import layers_from_the_top, randomize

        learned = self._model.keras_model.get_weights()
        for number, layer in enumerate(layers_from_the_top(self._model.keras_model)):
            if kind == "independent":
                self._model.keras_model.set_weights(learned)
            randomize(layer, self._check.seed + number)
            yield self._compared(self._network, layer.name, f"{kind} randomization, {layer.name}")
        self._model.keras_model.set_weights(learned)

    def _trained_on_random_labels(self) -> _Randomized:
        from cnnservice.nn.inference import WarmModel
        from cnnservice.nn.memorizing import memorize

        check, snapshot = self._check, self._snapshot
        images, labels = train_split(self._work.parts, snapshot, check.data_samples)
        model = WarmModel(snapshot.architecture, snapshot.summary().input_shape)
        known, epochs = memorize(
            model.keras_model,
            snapshot.spec.compile.loss,
            images,
            labels,
            epochs=check.data_epochs,
            seed=check.seed,
            report=lambda epoch, known: self._work.report(
                self._progress, f"random labels, epoch {epoch}: {known:.0%} known by heart"
            ),
        )
        self.data_training = {"samples": len(images), "epochs": epochs, "accuracy": known}
        return self._compared(explained(model, snapshot), "all", "the network of random labels")

    def _compared(self, network: Network, layer: str, message: str) -> _Randomized:
        from cnnservice.sanity.similarity import similarities

        after = self._maps(network, message)
        alike = [
            similarities([one.compared for one in before], [one.compared for one in now])
            for before, now in zip(self.before, after, strict=True)
        ]
        return _Randomized(layer, alike, self.first(after))

    def _maps(self, network: Network, message: str) -> list[Maps]:
        """By method those of all images."""
        maps = []
        for name in self._check.methods:
            self._work.report(self._progress, f"{message}: {name}")
            method = METHODS[name]()
            maps.append(
                [
                    _Map.of(method.attribute(network, image, target), signed=method.signed)
                    for image, target in zip(self._images, self.targets, strict=True)
                ]
            )
        self._steps_done += 1
        return maps

    @property
    def _progress(self) -> float:
        layers = sum(bool(layer.params) for layer in self._snapshot.summary().layers)
        kinds = 2 if self._check.randomization == "both" else 1
        return self._steps_done / (1 + kinds * layers + self._check.data_randomization)


def _of_each_class_in_turn(labels: NDArray[np.int64]) -> list[int]:
    """Indices of all labels: the first of each class, the second of each, and so on."""
    by_class = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    return [index for turn in zip_longest(*by_class) for index in turn if index is not None]
