"""A .zip's entries are counted without being read into memory, and never too few."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnservice.datasets.errors import DatasetTooLarge
from cnnservice.datasets.incoming.zip_directory import count_entries

from .conftest import Read


def written(names: list[str], comment: bytes = b"", before: bytes = b"") -> BytesIO:
    file = BytesIO()
    file.write(before)
    with zipfile.ZipFile(file, "a") as archive:
        for name in names:
            archive.writestr(name, name)
        archive.comment = comment
    return file


@given(
    names=st.lists(st.text("abcPK/.é", min_size=1, max_size=8), max_size=30, unique=True),
    comment=st.binary(max_size=60),
    before=st.binary(max_size=40),
)
def test_the_count_is_that_of_zipfile(names: list[str], comment: bytes, before: bytes) -> None:
    file = written(names, comment, before)
    try:
        with zipfile.ZipFile(file) as archive:
            expected = len(archive.infolist())
    except zipfile.BadZipFile:
        return
    assert count_entries(file, 1 << 20) >= expected
    if b"PK" not in comment + before and not any("PK" in name for name in names):
        assert count_entries(file, 1 << 20) == expected


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"hello" * 1000])
def test_what_is_no_zip_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match="zip"):
        count_entries(BytesIO(content), 1 << 20)


def test_more_entries_than_a_short_record_can_tell_are_counted_in_the_long_one() -> None:
    file = written([f"{n}" for n in range(70_000)])
    assert b"PK\x06\x06" in file.getvalue()
    assert count_entries(file, 4 << 20) == 70_000


def test_a_directory_longer_than_is_read_is_an_error() -> None:
    file = written(["a" * 60_000, "b" * 60_000])
    length = len(file.getvalue()) - file.getvalue().index(b"PK\x01\x02") - 22
    assert count_entries(file, length) == 2
    with pytest.raises(ValueError, match=f"{length} bytes; at most {length - 1}"):
        count_entries(file, length - 1)


def test_a_zip_of_very_many_files_is_refused_in_little_memory(read: Read) -> None:
    content = written([f"train/a/{n}.png" for n in range(60_000)]).getvalue()
    tracemalloc.start()
    with pytest.raises(DatasetTooLarge, match="at most 10 is allowed"):
        read(content, max_dataset_images=10)
    assert tracemalloc.get_traced_memory()[1] < 2 * len(content)
    tracemalloc.stop()
