"""An embedding by epoch, from networks that are set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import Normalizer
from cnnservice.nn.inference import WarmModel
from cnnservice.representations.projection import project
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.embedding import Projection
from worker.computations.embedding import NotFinite, embedding
from worker.computations.work import Work

ARCHITECTURE = Architecture.model_validate(
    {
        "layers": [
            {"type": "flatten"},
            {"type": "dense", "name": "Plane", "units": 3},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    }
)
SCALE = Normalizer("minus_one_one")
TESTED = 60


@dataclass(frozen=True)
class Set(Work):
    """Work whose epochs' weights of Plane are given; what is reported is kept."""

    kernels: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)
    network: WarmModel = field(default_factory=lambda: WarmModel(ARCHITECTURE, (28, 28, 1)))

    def snapshot(self, epoch: int | None = None, model_id: str | None = None) -> Any:
        spec = SimpleNamespace(test_samples=TESTED)
        return SimpleNamespace(epoch=epoch, dataset=MNIST, spec=spec, normalizer=SCALE)

    def model(self, snapshot: Any) -> WarmModel:
        self.network.keras_model.get_layer("Plane").kernel.assign(self.kernels[snapshot.epoch])
        return self.network


def work(kernels: dict[int, Any], told: list[tuple[float, str]], **arguments: Any) -> Set:
    catalogue = SimpleNamespace(open=lambda dataset, **samples: open_arrays(dataset, Path("none"), **samples))
    parts: Any = SimpleNamespace(catalogue=catalogue)
    said = {"layer": "Plane", "images": 40, "projection": {"method": "pca"}, "epochs": sorted(kernels), **arguments}
    return Set(parts, "m", said, lambda progress, message: told.append((progress, message)), kernels=kernels)


def test_frames_are_in_order_turned_to_the_last_which_is_the_still_picture() -> None:
    kernel = np.random.default_rng(0).normal(size=(784, 3)).astype(np.float32)
    kernel *= [3, 2, 0.1]
    # At epoch 1 the second axis has the greater variance: a PCA alone would swap the two.
    kernels = {0: np.zeros_like(kernel), 1: kernel * [0.5, 1, 1], 4: kernel}
    told: list[tuple[float, str]] = []
    result = embedding(work(kernels, told))
    points = result.arrays["points"]
    assert points.shape == (3, 40, 2)
    indices = np.linspace(0, TESTED - 1, 40).round().astype(int)
    np.testing.assert_array_equal(result.arrays["indices"], indices)
    arrays = open_arrays(MNIST, Path("none"), train_samples=1, test_samples=TESTED)
    np.testing.assert_array_equal(result.arrays["labels"], arrays.labels("test")[indices])
    images = SCALE.apply(arrays.images("test"))[indices].reshape(40, -1)
    alone = project((images @ kernel).astype(np.float32), Projection())
    np.testing.assert_allclose(points[2], alone.points, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(points[0], 0, atol=1e-5)
    correlation = [np.corrcoef(points[1][:, axis], points[2][:, axis])[0, 1] for axis in (0, 1)]
    assert min(correlation) > 0.8
    assert np.isnan(result.arrays["silhouette"]).tolist() == [True, False, False]
    assert np.isnan(result.arrays["explained"]).tolist() == [[True] * 2, [False] * 2, [False] * 2]
    progress = [share for share, _ in told]
    assert progress == sorted(progress)
    assert 0 <= progress[0] < progress[-1] < 1
    assert told[0][1].startswith("epoch 4: ")


def test_outputs_that_are_no_numbers_have_no_plane() -> None:
    kernel = np.ones((784, 3), np.float32)
    kernel[5, 0] = np.inf
    with pytest.raises(NotFinite, match="at epoch 3"):
        embedding(work({3: kernel}, []))
