"""Images and labels: all of them where the right archive is, the head's where it is not, and errors that help."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.arrays import check_samples, open_arrays, samples_on_disk
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import SamplesNotAvailable, TooManySamples, UnknownSplit, WrongChecksum

SPLITS = ["train", "test"]


def archive_of(dataset: Dataset) -> NpzArchive:
    assert isinstance(dataset.origin, NpzArchive)
    return dataset.origin


@pytest.mark.parametrize("split", SPLITS)
def test_the_archive_gives_all_of_them(
    split: str, small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    arrays = open_arrays(small, provided)
    expected = small_arrays[f"x_{split}"][..., np.newaxis]
    np.testing.assert_array_equal(np.asarray(arrays.images(split)), expected, strict=True)
    np.testing.assert_array_equal(arrays.labels(split), small_arrays[f"y_{split}"].astype(np.int64), strict=True)
    assert arrays.count(split) == small.splits[split]


@pytest.mark.parametrize("split", SPLITS)
def test_without_the_archive_the_head_is_what_there_is(
    split: str, small: Dataset, tmp_path: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    arrays = open_arrays(small, tmp_path)
    count = {"train": 7, "test": 3}[split]
    expected = small_arrays[f"x_{split}"][:count, ..., np.newaxis]
    np.testing.assert_array_equal(arrays.images(split), expected, strict=True)
    np.testing.assert_array_equal(arrays.labels(split), small_arrays[f"y_{split}"][:count].astype(np.int64))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_archive_is_left_alone_where_the_head_suffices(
    small: Dataset, tmp_path: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    (tmp_path / "small.npz").write_bytes(b"not the archive")
    arrays = open_arrays(small, tmp_path, train_samples=7, test_samples=3)
    np.testing.assert_array_equal(arrays.images("train")[..., 0], small_arrays["x_train"][:7])
    assert [path.name for path in tmp_path.iterdir()] == ["small.npz"]


@pytest.mark.parametrize(("train", "test"), [(1, 1), (8, 20), (50, 4), (50, 20)])
def test_the_first_are_given_as_many_as_asked_for(
    train: int, test: int, small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    arrays = open_arrays(small, provided, train_samples=train, test_samples=test)
    assert (len(arrays.images("train")), len(arrays.labels("train")), arrays.count("train")) == (train,) * 3
    assert (len(arrays.images("test")), len(arrays.labels("test")), arrays.count("test")) == (test,) * 3
    np.testing.assert_array_equal(arrays.images("train")[..., 0], small_arrays["x_train"][:train])


def test_a_number_for_one_split_leaves_the_other_whole(small: Dataset, provided: Path) -> None:
    assert open_arrays(small, provided, test_samples=2).samples == {"train": 50, "test": 2}


def test_opening_the_archive_copies_no_image(small: Dataset, provided: Path) -> None:
    images = open_arrays(small, provided, train_samples=9).images("train")
    assert isinstance(images, np.memmap)
    assert not images.flags.owndata


@pytest.mark.parametrize("with_archive", [True, False])
def test_images_cannot_be_written(with_archive: bool, small: Dataset, tmp_path: Path, small_archive: bytes) -> None:
    if with_archive:
        (tmp_path / "small.npz").write_bytes(small_archive)
    with pytest.raises(ValueError, match="read-only"):
        open_arrays(small, tmp_path).images("train")[0] = 0


@pytest.mark.parametrize("split", SPLITS)
def test_more_than_the_whole_set_has(split: str, small: Dataset, tmp_path: Path) -> None:
    limit = small.splits[split]
    asked = {f"{split}_samples": limit + 1}
    with pytest.raises(TooManySamples, match=f"{split}_samples is {limit + 1}; .* at most {limit} is allowed"):
        open_arrays(small, tmp_path, **asked)
    with pytest.raises(TooManySamples) as caught:
        check_samples(small, **asked)
    assert [field.pointer for field in caught.value.errors] == [f"/{split}_samples"]


def test_exactly_the_whole_set_may_be_asked_for(small: Dataset) -> None:
    assert check_samples(small, train_samples=50, test_samples=20) == {"train": 50, "test": 20}
    assert check_samples(small, test_samples=1) == {"test": 1}
    assert check_samples(small) == {}


@pytest.mark.parametrize(("split", "here"), [("train", 7), ("test", 3)])
def test_more_than_is_here_says_how_many_are_and_how_to_have_the_rest(
    split: str, here: int, small: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(SamplesNotAvailable) as caught:
        open_arrays(small, tmp_path, **{f"{split}_samples": here + 1})
    for part in (
        f"{split}_samples is {here + 1}",
        f"{here} images",
        str(tmp_path / "small.npz"),
        archive_of(small).sha256,
        "keras.datasets.small_loader",
    ):
        assert part in caught.value.detail
    assert open_arrays(small, tmp_path, **{f"{split}_samples": here}).count(split) == here


@pytest.mark.parametrize(("split", "here"), [("train", 7), ("test", 3)])
def test_a_wrong_archive_is_told_where_the_right_one_was_needed(
    split: str, here: int, small: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "small.npz").write_bytes(b"not the archive")
    with pytest.raises(WrongChecksum) as caught:
        open_arrays(small, tmp_path, **{f"{split}_samples": here + 1})
    for part in (
        str(tmp_path / "small.npz"),
        f"sha256 is {hashlib.sha256(b'not the archive').hexdigest()}",
        f"expected is {archive_of(small).sha256}",
        f"{split}_samples is {here + 1}",
        f"at most {here} is allowed",
        "keras.datasets.small_loader",
    ):
        assert part in caught.value.detail


def test_an_archive_of_right_arrays_and_wrong_checksum_is_not_opened(small: Dataset, provided: Path) -> None:
    with pytest.raises(WrongChecksum):
        open_arrays(replace(small, origin=replace(archive_of(small), sha256="0" * 64)), provided, train_samples=50)
    assert [path.name for path in provided.iterdir()] == ["small.npz"]


def test_how_many_are_on_disk(small: Dataset, tmp_path: Path, small_archive: bytes) -> None:
    assert samples_on_disk(small, tmp_path) == {"train": 7, "test": 3}
    (tmp_path / "small.npz").write_bytes(small_archive[:-1])
    assert samples_on_disk(small, tmp_path) == {"train": 7, "test": 3}
    (tmp_path / "small.npz").write_bytes(small_archive)
    assert samples_on_disk(small, tmp_path) == {"train": 50, "test": 20}
    assert [path.name for path in tmp_path.iterdir()] == ["small.npz"]


def test_what_is_on_disk_can_be_changed_without_changing_the_entry(small: Dataset, provided: Path) -> None:
    samples_on_disk(small, provided)["train"] = 1
    assert small.splits["train"] == 50


def test_a_set_that_ships_nothing_is_empty_until_its_archive_comes(
    small: Dataset, tmp_path: Path, small_archive: bytes
) -> None:
    bare = replace(small, head=None)
    arrays = open_arrays(bare, tmp_path)
    assert (arrays.images("train").shape, arrays.labels("test").shape) == ((0, 6, 5, 1), (0,))
    assert samples_on_disk(bare, tmp_path) == {"train": 0, "test": 0}
    with pytest.raises(SamplesNotAvailable, match="train_samples is 1; 0 images"):
        open_arrays(bare, tmp_path, train_samples=1)
    (tmp_path / "small.npz").write_bytes(small_archive)
    assert open_arrays(bare, tmp_path).images("train").shape == (50, 6, 5, 1)


def test_an_unknown_split_is_answered_with_the_known(small: Dataset, tmp_path: Path) -> None:
    arrays = open_arrays(small, tmp_path)
    for read in (arrays.images, arrays.labels, arrays.count):
        with pytest.raises(UnknownSplit, match="'valid'; it has: train, test"):
            read("valid")
