"""Whatever a client sends becomes an image of the data set, or one of two errors."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cnnservice.datasets.errors import ImageTooLarge, NotAnImage
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.uploads import FORMATS, decode_image, fit_image, image_size

Pixels = NDArray[np.uint8]

LIMIT = 1_000_000
COLOUR = replace(MNIST, name="colour", shape=(32, 32, 3))
ORIENTATION = 0x0112
# What the EXIF orientations mean: how the stored rows and columns are turned to stand upright.
UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).T,
    8: np.rot90,
}
# A dark picture with a bright corner, wider than high, so that no two orientations look alike.
CORNER = np.zeros((16, 32), np.uint8)
CORNER[:8, :8] = 240


def encode(pixels: NDArray[Any] | Image.Image, format_name: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, format_name, **options)
    return file.getvalue()


def decode(content: bytes) -> Image.Image:
    return decode_image(content, max_pixels=LIMIT)


def fit(content: bytes, invert: Any = "auto") -> Pixels:
    """As an MNIST image, without the axis of its one channel."""
    fitted = fit_image(decode(content), MNIST, invert=invert)
    assert fitted.shape == (28, 28, 1)
    assert fitted.dtype == np.uint8
    return fitted[..., 0]


def enlarge(pixels: Pixels, times: int) -> Pixels:
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def png_header(width: int, height: int) -> bytes:
    """A PNG with a right header and broken pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b"broken"), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def tiff(tags: dict[int, int], strip: bytes) -> bytes:
    """A little-endian TIFF with the strip at offset 8; every tag is one 32-bit number."""
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + struct.pack("<H", len(tags)) + rows + bytes(4)


# --- what is decoded


def test_a_png_of_a_digit_comes_back_bit_for_bit(digits: Pixels) -> None:
    # invert="auto" must leave each of them alone, too.
    for index, digit in enumerate(digits):
        content = encode(digit)
        assert (fit(content) == digit).all(), index
        assert (fit(content, "false") == digit).all(), index


@pytest.mark.parametrize("format_name", ["PNG", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_digit_comes_back_from_every_lossless_format(mode: str, format_name: str, digit: Pixels) -> None:
    content = encode(Image.fromarray(digit).convert(mode), format_name)
    np.testing.assert_array_equal(fit(content), digit)


def test_and_from_webp_and_nearly_from_jpeg(digit: Pixels) -> None:
    grey = Image.fromarray(digit)
    np.testing.assert_array_equal(fit(encode(grey.convert("RGB"), "WEBP", lossless=True)), digit)
    assert np.abs(fit(encode(grey, "JPEG", quality=95)).astype(int) - digit).max() < 16


def test_one_bit_is_black_and_white(digit: Pixels) -> None:
    content = encode(Image.fromarray(digit > 127))
    assert decode(content).mode == "L"
    np.testing.assert_array_equal(fit(content), np.where(digit > 127, 255, 0))


@pytest.mark.parametrize("low", [0x00, 0x7F, 0xFF])
@pytest.mark.parametrize(("format_name", "order"), [("PNG", "<"), ("TIFF", "<"), ("TIFF", ">")])
def test_sixteen_bits_keep_their_high_byte(low: int, format_name: str, order: str, digit: Pixels) -> None:
    wide = (digit.astype(np.uint16) << 8 | low).astype(f"{order}u2")
    image = Image.frombuffer("I;16" if order == "<" else "I;16B", (28, 28), wide.tobytes(), "raw")
    content = encode(image, format_name)
    assert decode(content).mode == "L"
    np.testing.assert_array_equal(fit(content, "false"), digit)


def test_twelve_bits_are_scaled_to_eight() -> None:
    values = [0x000, 0x7FF, 0x800, 0xFFF]
    strip = int("".join(f"{value:012b}" for value in values), 2).to_bytes(6, "big")
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(strip)}
    assert np.asarray(decode(tiff(tags, strip))).tolist() == [[0x00, 0x7F, 0x80, 0xFF]]


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
@pytest.mark.parametrize(("factor", "offset"), [(1, 0), (1000, -70_000), (8_000_000, 0)])
def test_wider_greys_are_stretched_over_their_range(
    dtype: type[np.generic], factor: int, offset: int, digit: Pixels
) -> None:
    dull = 10 + digit.astype(np.int64) // 2
    content = encode((dull * factor + offset).astype(dtype), "TIFF")
    expected = (dull - 10) * (255 / 127)
    assert np.abs(fit(content, "false") - expected).max() <= 0.51


def test_numbers_that_are_none_or_too_large_are_no_failure() -> None:
    content = encode(np.array([[np.nan, np.inf], [-np.inf, 1]], np.float32), "TIFF")
    assert np.asarray(decode(content)).tolist() == [[128, 255], [0, 128]]


def test_a_uniform_float_picture_is_no_failure() -> None:
    assert len(np.unique(np.asarray(decode(encode(np.full((3, 3), 0.5, np.float32), "TIFF"))))) == 1


def test_a_palette_is_looked_up(digit: Pixels) -> None:
    # Its indices are the negatives of its greys.
    image = Image.fromarray(255 - digit).convert("P")
    image.putpalette(np.repeat(255 - np.arange(256, dtype=np.uint8), 3).tobytes())
    image.putdata((255 - digit).ravel().tolist())
    np.testing.assert_array_equal(fit(encode(image), "false"), digit)


def test_a_transparent_palette_entry_is_background(digit: Pixels) -> None:
    image = Image.fromarray((digit > 127).astype(np.uint8)).convert("P")
    image.putdata((digit > 127).astype(np.uint8).ravel().tolist())
    image.putpalette([255, 0, 255, 255, 255, 255])
    content = encode(image, transparency=0)
    assert decode(content).mode == "RGBA"
    np.testing.assert_array_equal(fit(content), np.where(digit > 127, 255, 0))


def test_cmyk_is_converted(digit: Pixels) -> None:
    ink = np.zeros((28, 28, 4), np.uint8)
    ink[..., 3] = 255 - digit
    image = Image.frombytes("CMYK", (28, 28), ink.tobytes())
    assert decode(encode(image, "TIFF")).mode == "RGB"
    np.testing.assert_array_equal(fit(encode(image, "TIFF")), digit)
    assert np.abs(fit(encode(image, "JPEG", quality=95)).astype(int) - digit).max() < 16


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_the_exif_orientation_is_applied_once(orientation: int, format_name: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    choices: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}
    options = choices.get(format_name, {})
    image = Image.fromarray(CORNER).convert("RGB")
    upright = decode(encode(image, format_name, exif=exif, **options))
    expected = UPRIGHT[orientation](CORNER)
    assert image_size(upright) == expected.shape[::-1]
    assert np.abs(np.asarray(upright.convert("L")).astype(int) - expected).max() <= (format_name == "JPEG") * 8


def test_sixteen_bits_are_turned_too() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = encode(CORNER.astype(np.uint16) * 257, exif=exif)
    np.testing.assert_array_equal(np.asarray(decode(content)), np.rot90(CORNER, -1))


@pytest.mark.filterwarnings("ignore:.*EXIF data:UserWarning")
@pytest.mark.parametrize(
    "block", [b"garbage" * 5, b"MM\0*\0\0\0\x08", b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\x05\0"]
)
def test_a_broken_exif_block_does_not_spoil_the_picture(block: bytes) -> None:
    content = encode(CORNER, "JPEG", exif=b"Exif\0\0" + block, quality=95)
    assert np.abs(np.asarray(decode(content)).astype(int) - CORNER).max() <= 8


@pytest.mark.parametrize(
    ("format_name", "options"),
    [("GIF", {}), ("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
def test_of_several_pictures_the_first_is_taken(format_name: str, options: dict[str, Any], digits: Pixels) -> None:
    frames = [Image.fromarray(digit).convert("RGB") for digit in digits[:3]]
    content = encode(frames[0], format_name, save_all=True, append_images=frames[1:], **options)
    with Image.open(BytesIO(content)) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
    np.testing.assert_array_equal(fit(content), digits[0])


# --- what is refused


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"a seven, drawn by hand",
        "Ünicöde".encode(),
        b'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><rect width="9" height="9"/></svg>',
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"RIFF\0\0\0\0WEBP",
        b"\xff\xd8\xff",
        png_header(28, 28),
        png_header(0, 28),
    ],
)
def test_what_is_no_picture_is_answered_with_what_is(content: bytes) -> None:
    with pytest.raises(NotAnImage, match="Allowed: PNG, JPEG, GIF, BMP, WEBP, TIFF"):
        decode(content)


@pytest.mark.parametrize("format_name", ["PPM", "ICO", "TGA", "PCX", "SGI", "EPS"])
def test_pictures_of_other_formats_are_refused(format_name: str, digit: Pixels) -> None:
    content = encode(Image.fromarray(digit).convert("RGB"), format_name)
    with Image.open(BytesIO(content)) as image:
        assert image.format == format_name
    with pytest.raises(NotAnImage, match="of another format"):
        decode(content)


def test_text_packed_in_a_picture_is_not_unpacked_without_end(digit: Pixels) -> None:
    # Two megabytes of comment in two kilobytes: Pillow stops with a ValueError, which must not get out.
    comment = b"zTXt" + b"a\0\0" + zlib.compress(bytes(2_000_000))
    content = encode(digit)
    chunk = struct.pack(">I", len(comment) - 4) + comment + struct.pack(">I", zlib.crc32(comment))
    with pytest.raises(NotAnImage, match="broken"):
        decode(content[:33] + chunk + content[33:])


def test_the_formats_are_these() -> None:
    assert set(FORMATS) == {"PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}], ids=["plain", "packed"])
def test_a_file_cut_short_is_refused(format_name: str, options: dict[str, str], digit: Pixels) -> None:
    if options and format_name != "TIFF":
        options = {"optimize": True, "lossless": True}  # type: ignore[dict-item]
    content = encode(Image.fromarray(digit).convert("RGB"), format_name, **options)
    whole = np.asarray(decode(content))
    for end in range(0, len(content), 10):
        try:
            cut = np.asarray(decode(content[:end]))
        except NotAnImage:
            continue
        # No pixel is missing where only what closes the file is: PNG's last checksums and IEND are 24 bytes.
        assert len(content) - end <= 24, f"{format_name} decoded from {end} of {len(content)} bytes"
        np.testing.assert_array_equal(cut, whole)


@pytest.mark.filterwarnings("ignore")
@given(
    format_name=st.sampled_from(FORMATS),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    in_header=st.booleans(),
)
def test_a_damaged_file_is_an_image_or_one_of_two_errors(
    format_name: str, changes: list[tuple[float, int]], in_header: bool, digit: Pixels
) -> None:
    content = bytearray(encode(Image.fromarray(digit).convert("RGB"), format_name))
    for place, value in changes:
        content[int(place * (64 if in_header else len(content)))] = value
    try:
        image = decode(bytes(content))
    except (NotAnImage, ImageTooLarge):
        return
    assert image.mode in ("L", "RGB", "RGBA")
    assert fit_image(image, MNIST).shape == MNIST.shape


@given(
    content=st.binary(max_size=200),
    start=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"\xff\xd8\xff"]),
)
@pytest.mark.filterwarnings("ignore")
def test_bytes_after_a_right_beginning_are_no_picture(start: bytes, content: bytes) -> None:
    with pytest.raises((NotAnImage, ImageTooLarge)):
        decode(start + content)


# --- how large


def test_as_many_pixels_as_allowed_and_not_one_more() -> None:
    content = encode(CORNER)
    assert image_size(decode_image(content, max_pixels=512)) == (32, 16)
    with pytest.raises(ImageTooLarge, match="more than 511 pixels"):
        decode_image(content, max_pixels=511)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"), [(100_000, 100_000), (10_000, 10_000), (1001, 1000), (1, LIMIT + 1), (2**31 - 1, 1)]
)
def test_a_header_that_claims_too_much_is_refused_before_its_pixels_are_looked_at(width: int, height: int) -> None:
    # Its pixels are broken: whoever decodes them first would say so.
    with pytest.raises(ImageTooLarge, match=f"more than {LIMIT} pixels"):
        decode(png_header(width, height))


def test_a_tile_larger_than_its_picture_counts() -> None:
    tags = {256: 8, 257: 8, 258: 8, 259: 8, 262: 1, 277: 1, 322: 40_000, 323: 40_000, 324: 8, 325: 64}
    with pytest.raises(ImageTooLarge):
        decode(tiff(tags, zlib.compress(bytes(64)).ljust(64, b"\0")))


def test_a_frame_larger_than_the_screen_of_its_gif_counts(digit: Pixels) -> None:
    content = bytearray(encode(digit, "GIF"))
    frame = content.index(b",\0\0\0\0\x1c\0\x1c\0")
    content[frame + 5 : frame + 9] = struct.pack("<HH", 2000, 2000)
    with pytest.raises(ImageTooLarge):
        decode(bytes(content))


# --- alpha


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("ink", [0, 255])
def test_a_digit_on_nothing_is_a_digit(ink: int, mode: str, digit: Pixels) -> None:
    colours = [np.full_like(digit, ink)] * (len(mode) - 1)
    content = encode(Image.merge(mode, [Image.fromarray(band) for band in (*colours, digit)]))
    np.testing.assert_array_equal(fit(content), digit)


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("opacity", [0.1, 0.4, 0.6])
def test_a_faint_digit_on_nothing_does_not_vanish(opacity: float, ink: int, digit: Pixels) -> None:
    faint = np.rint(digit * opacity).astype(np.uint8)
    content = encode(np.dstack([np.full_like(digit, ink), faint]))
    np.testing.assert_array_equal(fit(content), faint)


def test_colours_under_full_transparency_do_not_show(digit: Pixels) -> None:
    hidden = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    hidden[digit > 0] = 255
    np.testing.assert_array_equal(fit(encode(np.dstack([hidden, digit]))), digit)


@pytest.mark.parametrize("invert", ["auto", "true", "false"])
def test_a_picture_of_nothing_is_background(invert: str) -> None:
    content = encode(np.dstack([np.full((40, 50), value, np.uint8) for value in (9, 200, 90, 0)]))
    assert (fit(content, invert) == MNIST.background).all()


def test_what_is_transparent_is_background_whether_inverted_or_not(digit: Pixels) -> None:
    black, white = (encode(np.dstack([np.full_like(digit, ink), digit])) for ink in (0, 255))
    np.testing.assert_array_equal(fit(black, "true"), digit)
    np.testing.assert_array_equal(fit(white, "false"), digit)


def test_no_light_rim_stays_around_a_shrunk_shape() -> None:
    # Composited before it is resized: white hidden under the transparent half must not bleed into the black one.
    pixels = np.zeros((56, 56, 2), np.uint8)
    pixels[:, 27:, 0] = 255
    pixels[:, :27, 1] = 255
    fitted = fit_image(decode(encode(pixels)), COLOUR)
    assert fitted.max() == 0


# --- inverting


@pytest.mark.parametrize(("height", "width"), [(28, 28), (280, 280), (41, 41), (60, 100), (20, 13)])
def test_black_on_white_and_white_on_black_fit_to_the_same(height: int, width: int, digit: Pixels) -> None:
    drawn = np.asarray(Image.fromarray(digit).resize((width, height), Image.Resampling.BICUBIC))
    on_black, on_white = fit(encode(drawn)), fit(encode(255 - drawn))
    np.testing.assert_array_equal(on_black, on_white)
    assert on_black.max() > 200
    assert on_black[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0


def test_inverting_can_be_asked_for_and_forbidden(digit: Pixels) -> None:
    for pixels in (digit, 255 - digit):
        np.testing.assert_array_equal(fit(encode(pixels), "true"), 255 - pixels)
        np.testing.assert_array_equal(fit(encode(pixels), "false"), pixels)


def test_a_set_that_is_black_on_white_keeps_paper(digit: Pixels) -> None:
    paper = replace(MNIST, background=255)
    for pixels in (digit, 255 - digit):
        np.testing.assert_array_equal(fit_image(decode(encode(pixels)), paper)[..., 0], 255 - digit)


def test_pictures_in_colour_are_not_inverted_unasked() -> None:
    white = decode(encode(np.full((32, 32, 3), 255, np.uint8)))
    assert (fit_image(white, COLOUR) == 255).all()
    assert (fit_image(white, COLOUR, invert="true") == 0).all()


# --- size and channels


@pytest.mark.parametrize("times", [2, 3, 10])
def test_an_enlarged_digit_shrinks_to_itself(times: int, digit: Pixels) -> None:
    np.testing.assert_array_equal(fit(encode(enlarge(digit, times))), digit)


def test_shrinking_takes_the_mean_of_each_block() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (84, 84), np.uint8)
    means = noise.reshape(28, 3, 28, 3).mean(axis=(1, 3))
    # Pillow rounds twice, once for the rows and once for the columns.
    assert np.abs(fit(encode(noise), "false") - means).max() < 1


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [
        (56, 28, slice(0, 28), slice(7, 21)),
        (28, 56, slice(7, 21), slice(0, 28)),
        (7, 14, slice(7, 21), slice(0, 28)),
        (1, 5000, slice(13, 14), slice(0, 28)),
        (5000, 1, slice(0, 28), slice(13, 14)),
        (1, 1, slice(0, 28), slice(0, 28)),
    ],
)
@pytest.mark.parametrize("background", [0, 255])
def test_the_aspect_is_kept_and_the_rest_is_background(
    background: int, height: int, width: int, rows: slice, columns: slice
) -> None:
    dataset = replace(MNIST, background=background)
    fitted = fit_image(decode(encode(np.full((height, width), 120, np.uint8))), dataset, invert="false")
    expected = np.full((28, 28, 1), background, np.uint8)
    expected[rows, columns] = 120
    np.testing.assert_array_equal(fitted, expected)


def test_what_is_padded_after_inverting_is_background_too() -> None:
    fitted = fit(encode(np.full((56, 28), 255, np.uint8)), "true")
    assert (fitted == 0).all()


def test_height_and_width_are_not_mixed_up() -> None:
    wide = replace(MNIST, shape=(10, 20, 1))
    pixels = np.random.default_rng(2).integers(0, 256, (10, 20), np.uint8)
    np.testing.assert_array_equal(fit_image(decode(encode(pixels)), wide, invert="false")[..., 0], pixels)


def test_colours_become_their_luma() -> None:
    pixels = np.zeros((28, 28, 3), np.uint8)
    pixels[:, :9], pixels[:, 9:18], pixels[:, 18:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    assert fit(encode(pixels), "false")[0, [0, 9, 18]].tolist() == [76, 150, 29]


def test_a_set_in_colour_takes_colours_and_greys() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(fit_image(decode(encode(pixels)), COLOUR), pixels, strict=True)
    np.testing.assert_array_equal(
        fit_image(decode(encode(pixels[..., 0])), COLOUR), pixels[..., :1].repeat(3, axis=2), strict=True
    )


def test_the_picture_is_not_changed_by_fitting(digit: Pixels) -> None:
    image = decode(encode(255 - digit))
    fit_image(image, MNIST)[:] = 7
    np.testing.assert_array_equal(np.asarray(image), 255 - digit)
