from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.png import encode_png

sides = st.integers(1, 40)
shapes = st.one_of(st.tuples(sides, sides), st.tuples(sides, sides, st.just(3)))


@given(arrays(np.uint8, shapes))
def test_pillow_reads_back_every_pixel(array: NDArray[np.uint8]) -> None:
    picture = Image.open(BytesIO(encode_png(array)))
    assert picture.mode == ("L" if array.ndim == 2 else "RGB")
    np.testing.assert_array_equal(np.asarray(picture), array)


@given(arrays(np.uint8, st.tuples(sides, sides)))
def test_pillow_reads_back_every_colour_of_a_palette(array: NDArray[np.uint8]) -> None:
    palette = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
    picture = Image.open(BytesIO(encode_png(array, palette)))
    assert picture.mode == "P"
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), palette[array])


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_a_view_with_strides_is_encoded_as_what_it_shows(shape: tuple[int, ...]) -> None:
    view = np.random.default_rng(0).integers(0, 256, shape, np.uint8)[::-2, 3::5]
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(encode_png(view)))), view)


def test_checksums_hold() -> None:
    Image.open(BytesIO(encode_png(np.eye(9, dtype=np.uint8)))).verify()


def test_repeated_rows_cost_next_to_nothing() -> None:
    row = np.random.default_rng(0).integers(0, 256, (1, 500), np.uint8)
    once, often = len(encode_png(row)), len(encode_png(row.repeat(200, axis=0)))
    assert often < once + 1000, f"one row takes {once} bytes, 200 times the same {often}"
