"""A reference names one image, an image has one reference, and what does not exist is told with what does."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import BadReference, IndexOutOfRange, UnknownDataset, UnknownSplit
from cnnservice.datasets.references import (
    DatasetReference,
    UploadReference,
    label_of,
    load_reference,
    parse_reference,
)
from cnnservice.datasets.registry import DATASETS

DIGEST = "0123456789abcdef" * 4

references = st.one_of(
    st.builds(
        DatasetReference,
        dataset=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}", fullmatch=True),
        split=st.from_regex(r"[a-z]{1,32}", fullmatch=True),
        index=st.integers(0, 10**18 - 1),
    ),
    st.builds(UploadReference, sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
)


@given(reference=references)
@example(reference=DatasetReference("upload", "test", 0))
def test_a_reference_written_and_read_is_the_same(reference: DatasetReference | UploadReference) -> None:
    assert parse_reference(str(reference)) == reference


@given(text=st.one_of(st.text(), st.from_regex(r"[a-z]{0,6}:[a-z]{0,4}:-?[0-9]{0,3}\n?")))
def test_a_text_is_the_one_reference_of_its_image_or_none(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReference:
        return
    assert str(reference) == text


def test_what_is_read() -> None:
    assert parse_reference("mnist:test:0") == DatasetReference("mnist", "test", 0)
    assert parse_reference("fashion_mnist:train:59999") == DatasetReference("fashion_mnist", "train", 59_999)
    assert parse_reference(f"upload:{DIGEST}") == UploadReference(DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mnist",
        "mnist:test",
        "mnist:test:",
        "mnist:test:-1",
        "mnist:test:+1",
        "mnist:test:01",
        "mnist:test:1.0",
        "mnist:test:1e3",
        "mnist:test:٣",
        "mnist:test:0\n",
        " mnist:test:0",
        "mnist:test:0:0",
        "mnist:TEST:0",
        "../mnist:test:0",
        ":test:0",
        "mnist::0",
        "mnist:test:" + "9" * 19,
        "upload:",
        f"upload:{DIGEST[:-1]}",
        f"upload:{DIGEST}0",
        f"upload:{DIGEST.upper()}",
        f"upload:{DIGEST}\n",
        f"upload:../{DIGEST[:-3]}",
        "\ud800",
    ],
)
def test_what_is_not(text: str) -> None:
    with pytest.raises(BadReference, match=re.escape("dataset:split:index")) as caught:
        parse_reference(text)
    caught.value.detail.encode()


@pytest.mark.parametrize("index", [0, 1, 999])
def test_the_image_and_label_are_those_at_the_index(
    index: int, catalogue: Catalogue, digits: NDArray[np.uint8]
) -> None:
    reference = DatasetReference("mnist", "test", index)
    image = load_reference(reference, catalogue)
    np.testing.assert_array_equal(image, digits[index, :, :, np.newaxis], strict=True)
    assert label_of(reference, catalogue) == {0: 7, 1: 2, 999: 9}[index]


def test_the_image_is_a_copy(catalogue: Catalogue, digits: NDArray[np.uint8]) -> None:
    reference = DatasetReference("mnist", "test", 0)
    load_reference(reference, catalogue)[:] = 1
    np.testing.assert_array_equal(load_reference(reference, catalogue)[..., 0], digits[0])


@pytest.mark.parametrize("read", [load_reference, label_of])
@pytest.mark.parametrize("index", [-1, 1000, 9_999, 10_000, 10**17])
def test_an_index_that_is_not_here_is_answered_with_those_that_are(
    index: int, read: Callable[[DatasetReference, Catalogue], object], catalogue: Catalogue
) -> None:
    with pytest.raises(IndexOutOfRange, match=f"image {index} in mnist's test here; indices: 0 to 999\\.") as caught:
        read(DatasetReference("mnist", "test", index), catalogue)
    # How to have the whole set is told only where that would help.
    assert (str(catalogue.datasets_path / "mnist.npz") in caught.value.detail) == (1000 <= index < 10_000)


def test_the_archive_brings_the_rest_into_reach(
    small: Dataset,
    small_archive: bytes,
    small_arrays: dict[str, NDArray[np.uint8]],
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(DATASETS, "small", small)
    catalogue.datasets_path.mkdir()
    (catalogue.datasets_path / "small.npz").write_bytes(small_archive)
    for index in (0, 3, 19):
        reference = DatasetReference("small", "test", index)
        np.testing.assert_array_equal(load_reference(reference, catalogue)[..., 0], small_arrays["x_test"][index])
        assert label_of(reference, catalogue) == small_arrays["y_test"][index]
    for index in (-1, 20):
        with pytest.raises(IndexOutOfRange, match="indices: 0 to 19"):
            load_reference(DatasetReference("small", "test", index), catalogue)


def test_an_unknown_data_set_or_split_is_answered_with_the_known(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownDataset, match=r"'nist'; there are: .*mnist"):
        load_reference(DatasetReference("nist", "test", 0), catalogue)
    with pytest.raises(UnknownSplit, match="'valid'; it has: train, test"):
        label_of(DatasetReference("mnist", "valid", 0), catalogue)
