"""The shipped head of MNIST, and a whole archive beside it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnservice.datasets.arrays import open_arrays, samples_on_disk
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import (
    BadReference,
    IndexOutOfRange,
    SamplesNotAvailable,
    TooManySamples,
    UnknownDataset,
    UnknownSplit,
    WrongChecksum,
)
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import normalize_images, one_hot
from cnnservice.datasets.references import DatasetReference, label_of, load_reference, parse_reference
from cnnservice.datasets.registry import get_dataset


def test_the_head_begins_as_mnist_does(tmp_path: Path) -> None:
    arrays = open_arrays(MNIST, tmp_path)
    assert arrays.labels("train")[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert arrays.labels("test")[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert arrays.images("train").shape == (6000, 28, 28, 1)
    assert arrays.images("test").shape == (1000, 28, 28, 1)
    assert arrays.images("train").dtype == np.uint8
    # The ink of MNIST's mean digit, published as 0.1307 of white over all 60,000.
    assert arrays.images("train").mean() / 255 == pytest.approx(0.1307, abs=0.002)


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    """A data set whose whole archive of 9,000 + 20 images lies in tmp_path."""
    generator = np.random.default_rng(0)
    arrays = {
        "x_train": generator.integers(0, 256, (9000, 28, 28), np.uint8),
        "y_train": generator.integers(0, 10, 9000, np.uint8),
        "x_test": generator.integers(0, 256, (20, 28, 28), np.uint8),
        "y_test": generator.integers(0, 10, 20, np.uint8),
    }
    np.savez(tmp_path / "small.npz", **arrays)
    sha256 = hashlib.sha256((tmp_path / "small.npz").read_bytes()).hexdigest()
    return replace(MNIST, name="small", splits={"train": 9000, "test": 20}, archive="small.npz", sha256=sha256)


def test_a_whole_archive_is_used_and_memory_mapped(tmp_path: Path, small: Dataset) -> None:
    expected = np.load(tmp_path / "small.npz")
    for _ in range(2):
        arrays = open_arrays(small, tmp_path, train_samples=9000)
        np.testing.assert_array_equal(arrays.images("train")[..., 0], expected["x_train"])
        np.testing.assert_array_equal(arrays.labels("test"), expected["y_test"])
        assert isinstance(arrays.images("train").base, np.memmap)
    assert samples_on_disk(small, tmp_path) == {"train": 9000, "test": 20}


def test_an_archive_of_another_checksum_is_refused_only_when_it_is_needed(tmp_path: Path, small: Dataset) -> None:
    other = replace(small, sha256="0" * 64)
    assert open_arrays(other, tmp_path, train_samples=6000).count("train") == 6000
    with pytest.raises(WrongChecksum, match=small.sha256):
        open_arrays(other, tmp_path, train_samples=6001)


def test_samples_that_are_not_here_are_told_with_how_to_provide_them(tmp_path: Path) -> None:
    with pytest.raises(SamplesNotAvailable) as caught:
        open_arrays(MNIST, tmp_path, train_samples=6001)
    for part in ("6001", "6000", str(tmp_path / "mnist.npz"), MNIST.sha256):
        assert part in caught.value.detail
    assert caught.value.errors[0].pointer == "/train_samples"


@pytest.mark.parametrize(("split", "limit"), [("train", 60_000), ("test", 10_000)])
def test_more_samples_than_there_are_are_refused(tmp_path: Path, split: str, limit: int) -> None:
    with pytest.raises(TooManySamples, match=f"at most {limit}"):
        open_arrays(MNIST, tmp_path, **{f"{split}_samples": limit + 1})


@pytest.mark.parametrize(("index", "there"), [(0, True), (999, True), (1000, False), (-1, False)])
def test_indices_at_their_edges(tmp_path: Path, index: int, there: bool) -> None:
    reference = DatasetReference("mnist", "test", index)
    if there:
        whole = open_arrays(MNIST, tmp_path)
        np.testing.assert_array_equal(load_reference(reference, tmp_path), whole.images("test")[index])
        assert label_of(reference, tmp_path) == whole.labels("test")[index]
    else:
        with pytest.raises(IndexOutOfRange, match="0 to 999"):
            load_reference(reference, tmp_path)


def test_unknown_names_are_told_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownDataset, match="mnist"):
        get_dataset("emnist")
    with pytest.raises(UnknownSplit, match="train, test"):
        load_reference(DatasetReference("mnist", "valid", 0), tmp_path)


@pytest.mark.parametrize("text", ["mnist:test:0", "a:train:12", f"upload:{'0af9' * 16}"])
def test_a_reference_reads_as_it_is_written(text: str) -> None:
    assert str(parse_reference(text)) == text


@given(st.text(max_size=80) | st.from_regex(r"[a-z]*:[a-z]*:[0-9]*"))
def test_any_text_is_a_reference_or_is_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReference:
        return
    assert str(reference) == text


def test_text_that_is_no_reference_is_told_the_forms() -> None:
    with pytest.raises(BadReference, match="mnist:test:0"):
        parse_reference("7")


def test_images_are_normalised_as_the_notebook_does_it() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    normalised = normalize_images(pixels)
    assert normalised.dtype == np.float32
    np.testing.assert_array_equal(normalised, ((pixels / 255 - 0.5) * 2).astype(np.float32))
    assert (normalised.min(), normalised.max()) == (-1, 1)


def test_labels_become_rows_with_a_single_one() -> None:
    rows = one_hot(np.array([2, 0]), 3)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
