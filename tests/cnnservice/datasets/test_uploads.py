"""What clients send as a picture: each kind becomes the right pixels or a clear refusal."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.errors import ImageTooLarge, NotAnImage
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.uploads import decode_image, fit_image, image_size

LIMIT = 1_000_000
COLOUR = replace(MNIST, shape=(28, 28, 3))
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def digit() -> Array:
    picture: Array = open_arrays(MNIST, Path("nowhere")).images("test")[0, ..., 0]
    return picture


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fitted(content: bytes, invert: str = "auto", dataset: Any = MNIST) -> Array:
    array: Array = fit_image(decode_image(content, max_pixels=LIMIT), dataset, invert=invert)  # type: ignore[arg-type]
    return array[..., 0] if dataset is MNIST else array


def test_a_test_image_comes_back_bit_for_bit(digit: Array) -> None:
    for kind in ("PNG", "BMP", "GIF", "TIFF"):
        np.testing.assert_array_equal(fitted(file(Image.fromarray(digit), kind), "false"), digit)
        np.testing.assert_array_equal(fitted(file(Image.fromarray(digit), kind)), digit)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_every_mode_of_a_grey_picture_gives_its_grey(digit: Array, mode: str) -> None:
    np.testing.assert_array_equal(fitted(file(Image.fromarray(digit).convert(mode)), "false"), digit)


def test_sixteen_bits_keep_their_high_byte(digit: Array) -> None:
    deep = Image.fromarray(digit.astype(np.uint16) * 257)
    np.testing.assert_array_equal(fitted(file(deep), "false"), digit)


def test_colours_become_luma() -> None:
    red = fitted(file(Image.new("RGB", (28, 28), (255, 0, 0))), "false")
    assert (red == 76).all()  # ITU-R 601: 0.299 * 255
    cmyk = fitted(file(Image.new("CMYK", (28, 28), (0, 255, 255, 0)), "JPEG", quality=100), "false", COLOUR)
    assert np.abs(cmyk.astype(int) - [255, 0, 0]).max() <= 6


def test_ink_on_paper_and_light_on_dark_are_the_same_digit(digit: Array) -> None:
    np.testing.assert_array_equal(fitted(file(Image.fromarray(255 - digit))), digit)
    np.testing.assert_array_equal(fitted(file(Image.fromarray(255 - digit)), "true"), digit)
    np.testing.assert_array_equal(fitted(file(Image.fromarray(255 - digit)), "false"), 255 - digit)


@pytest.mark.parametrize("ink", [0, 255])
def test_a_digit_on_nothing_does_not_vanish(digit: Array, ink: int) -> None:
    drawn = Image.merge("LA", [Image.new("L", (28, 28), ink), Image.fromarray(digit)])
    np.testing.assert_allclose(fitted(file(drawn)), digit, atol=1)


def test_a_larger_picture_keeps_its_shape_in_the_middle() -> None:
    wide = np.full((40, 80), 200, np.uint8)
    wide[:, 40:] = 100
    small = fitted(file(Image.fromarray(wide)), "false")
    assert (small[:7] == 0).all()
    assert (small[21:] == 0).all()
    assert (small[8:20, 2:12] == 200).all()
    assert (small[8:20, 16:26] == 100).all()


def test_exif_turns_a_picture_upright(digit: Array) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    lying = Image.fromarray(np.rot90(digit).copy())
    np.testing.assert_array_equal(fitted(file(lying, "PNG", exif=exif), "false"), digit)


def test_of_an_animation_the_first_picture_counts(digit: Array) -> None:
    frames = [Image.fromarray(digit), Image.fromarray(255 - digit)]
    moving = file(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(fitted(moving, "false"), digit)


def test_a_file_cut_short_anywhere_is_refused() -> None:
    whole = file(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)))
    for length in range(0, len(whole) - 20, 10):
        with pytest.raises(NotAnImage, match="PNG, JPEG"):
            decode_image(whole[:length], max_pixels=LIMIT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.4",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
        b"BM",
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAnImage):
        decode_image(content, max_pixels=LIMIT)


def test_formats_that_are_not_listed_are_refused() -> None:
    with pytest.raises(NotAnImage):
        decode_image(file(Image.new("RGB", (8, 8)), "PPM"), max_pixels=LIMIT)


def test_the_pixel_limit_holds_at_its_edge() -> None:
    at_limit, beyond = file(Image.new("L", (100, 50))), file(Image.new("L", (100, 51)))
    assert image_size(decode_image(at_limit, max_pixels=5000)) == (100, 50)
    with pytest.raises(ImageTooLarge, match="5000"):
        decode_image(beyond, max_pixels=5000)


def test_a_header_that_claims_a_huge_picture_is_refused_unread() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(ImageTooLarge):
        decode_image(bomb, max_pixels=25_000_000)
