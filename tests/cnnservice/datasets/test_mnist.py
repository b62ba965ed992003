"""The shipped digits are MNIST's first, in MNIST's order."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST

# Of the first 6,000 and 1,000 images and labels of a file whose arrays, put back into the original IDX files, have
# the well-known md5 sums of those (training images 6bbc9ace898e44ae57da46a324031adb, and so on).
SHA256 = {
    "x_train": "a051f814a250d3475151cbde645f82bf0c34cb896bfcfcc2a2214bbcbd1f88ce",
    "y_train": "493b332089ef4945e6c8f18de058d5718e419723e1853b958ae08285ba2df4a1",
    "x_test": "f8f3c5a608a9f7d4bd5e9d69b90c53932b8b99371d9db26121b42f62f3abcd56",
    "y_test": "d14ba0a1a3818edefa35518ed001ece84b7ac0eabe9394551c73928493175d3f",
}


@pytest.mark.parametrize(
    ("split", "count", "first"),
    [("train", 6000, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]), ("test", 1000, [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])],
)
def test_the_head_is_mnist(split: str, count: int, first: list[int], tmp_path: Path) -> None:
    arrays = open_arrays(MNIST, tmp_path)
    images, labels = arrays.images(split), arrays.labels(split)
    assert labels[:10].tolist() == first
    assert images.shape == (count, 28, 28, 1)
    assert images.dtype == np.uint8
    assert labels.shape == (count,)
    assert set(labels.tolist()) == set(range(len(MNIST.classes)))
    assert hashlib.sha256(images.tobytes()).hexdigest() == SHA256[f"x_{split}"]
    assert hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == SHA256[f"y_{split}"]


def test_class_names_are_the_digits() -> None:
    assert MNIST.classes == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def test_the_whole_set_is_the_file_that_keras_fetches() -> None:
    # The file_hash in keras.datasets.mnist.load_data.
    assert isinstance(MNIST.origin, NpzArchive)
    assert MNIST.origin.file == "mnist.npz"
    assert MNIST.origin.sha256 == "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
    assert MNIST.splits == {"train": 60_000, "test": 10_000}


def test_the_digits_stand_on_the_background_that_is_declared(tmp_path: Path) -> None:
    corners = open_arrays(MNIST, tmp_path).images("train")[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == MNIST.background).all()


def test_the_licence_of_the_shipped_file_is_told_beside_it() -> None:
    assert MNIST.head is not None
    (row,) = [line for line in MNIST.head.with_name("LICENCES.md").read_text().splitlines() if MNIST.head.name in line]
    assert MNIST.licence in row
