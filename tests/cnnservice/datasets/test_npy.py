"""The shape is read from the header, and from nothing else."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib import format as npy

from cnnservice.datasets.npy import read_shape


@given(shape=st.lists(st.integers(0, 4), max_size=4).map(tuple), fortran=st.booleans())
def test_the_shape_of_what_numpy_saved(shape: tuple[int, ...], fortran: bool) -> None:
    file = BytesIO()
    np.save(file, np.zeros(shape, np.uint8, order="F" if fortran else "C"))
    file.seek(0)
    assert read_shape(file) == shape


def test_a_header_alone_is_enough_and_a_lying_one_allocates_nothing() -> None:
    # 10^18 bytes are promised, none follow: whoever reads or allocates them fails.
    file = BytesIO()
    npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 10**9)})
    file.seek(0)
    assert read_shape(file) == (10**9, 10**9)


def test_the_numbers_come_next() -> None:
    file = BytesIO()
    np.save(file, np.array([[7, 8, 9]], np.uint8))
    file.seek(0)
    read_shape(file)
    assert file.read() == bytes([7, 8, 9])


@pytest.mark.parametrize(
    "text",
    [
        "{[]: 1}",
        "{1: 2, 'a': 3}",
        "(" * 150,
        "-" * 9000 + "1",
        "'" * 3,
        "\t1\n 2\n  3",
        "{'descr': (), 'fortran_order': False, 'shape': (3,)}",
        "{'descr': ',', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True,)}",
    ],
)
def test_a_header_that_no_numpy_wrote_is_a_value_error(text: str) -> None:
    header = text.encode() + b"\n"
    with pytest.raises(ValueError):
        read_shape(BytesIO(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04 not an array", b"\x93NUMPY\x01\x00\xff\xff{"])
def test_what_has_no_header_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_shape(BytesIO(content))


def test_another_format_is_named() -> None:
    file = BytesIO()
    npy.write_array_header_2_0(file, {"descr": "|u1", "fortran_order": False, "shape": (3,)})
    file.seek(0)
    with pytest.raises(ValueError, match=r"format 2\.0; 1\.0 is read here"):
        read_shape(file)
