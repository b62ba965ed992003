"""Small colour photographs of animals and vehicles."""

from __future__ import annotations

from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.keras_files import KerasFiles

# Where Keras keeps the archive that it fetches.
_ARCHIVE = "cifar-10-batches-py-target_archive"

CIFAR10 = Dataset(
    name="cifar10",
    shape=(32, 32, 3),
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    splits={"train": 50_000, "test": 10_000},
    source="Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    licence="none stated; its publisher asks to cite the technical report",
    origin=KerasFiles(
        keras_loader="cifar10",
        algorithm="sha256",
        checksums={_ARCHIVE: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"},
        published_as={_ARCHIVE: "cifar-10-python.tar.gz"},
    ),
)
