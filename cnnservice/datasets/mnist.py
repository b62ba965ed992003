"""Handwritten digits, white on black."""

from __future__ import annotations

from pathlib import Path

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.dataset import Dataset

MNIST = Dataset(
    name="mnist",
    shape=(28, 28, 1),
    classes=tuple("0123456789"),
    splits={"train": 60_000, "test": 10_000},
    source="Yann LeCun, Corinna Cortes: The MNIST database of handwritten digits",
    licence="CC BY-SA 3.0",
    origin=NpzArchive(
        file="mnist.npz",
        sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        keras_loader="mnist",
        contents_sha256="06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16",
    ),
    head=Path(__file__).with_name("mnist_head.npz"),
)
