"""Picture files as nobody should send them, made here."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

SIDE = 28
PIXELS: NDArray[np.uint8] = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE), np.uint8)
_ORIENTATION, _TRANSPOSED = 0x0112, 5


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GREY = Image.fromarray(PIXELS)
PNG = saved(GREY)
FORMATS = {
    "png": PNG,
    "jpeg": saved(GREY, "JPEG"),
    "gif": saved(GREY, "GIF"),
    "bmp": saved(GREY, "BMP"),
    "webp": saved(GREY.convert("RGB"), "WEBP", lossless=True),
    "tiff": saved(GREY, "TIFF", compression="tiff_deflate"),
}


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 0, rows: int = 0, extra: bytes = b"") -> bytes:
    """A PNG whose header says so, with so many rows of zeros."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + (width * depth * channels + 7) // 8)
    pack = zlib.compressobj(9)
    content = b"".join(pack.compress(row) for _ in range(rows)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def read_right() -> dict[str, tuple[bytes, NDArray[np.uint8]]]:
    """Unusual files that are pictures, and the greys (28, 28) that they show."""
    sixteen = PIXELS.astype(np.uint16) * 256 + 77
    turned = Image.Exif()
    turned[_ORIENTATION] = _TRANSPOSED
    palette = GREY.convert("P")
    inverted = Image.fromarray(255 - PIXELS)
    cyan = Image.merge("CMYK", (GREY.point(lambda _: 0),) * 3 + (inverted,))
    opaque = Image.merge("LA", (GREY, GREY.point(lambda _: 255)))
    text = PngImagePlugin.PngInfo()
    text.add_itxt("comment", "<script>alert(1)</script>" * 100, zip=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("train/a/1.png", PNG)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {
        "16 bits": (saved(Image.fromarray(sixteen)), PIXELS),
        "palette": (saved(palette), PIXELS),
        "CMYK": (saved(cyan, "TIFF"), PIXELS),
        "grey and alpha": (saved(opaque), PIXELS),
        "one bit": (saved(GREY.convert("1", dither=Image.Dither.NONE)), np.where(PIXELS > 127, 255, 0)),
        "turned": (saved(GREY, exif=turned), PIXELS.T),
        "animated PNG": (saved(GREY, save_all=True, append_images=[inverted] * 3), PIXELS),
        "animated GIF": (saved(GREY, "GIF", save_all=True, append_images=[inverted] * 3), PIXELS),
        "pages of a TIFF": (saved(GREY, "TIFF", save_all=True, append_images=[inverted]), PIXELS),
        "a script in a text": (saved(GREY, pnginfo=text), PIXELS),
        "colour profile": (saved(GREY.convert("RGB"), icc_profile=srgb), PIXELS),
        "a zip behind it": (PNG + archive.getvalue(), PIXELS),
        "a page behind it": (PNG + b"<html><script>alert(1)</script></html>", PIXELS),
    }


def refused() -> dict[str, tuple[bytes, set[int]]]:
    """Files that are refused, and with which statuses."""
    unpacked = bytes(64 << 20)
    bomb = zlib.compress(unpacked, 9)
    no_image, too_large, either = {422}, {413}, {413, 422}
    return {
        "empty": (b"", no_image),
        "one byte": (b"\x89", no_image),
        "text": (b"hello", no_image),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", no_image),
        "html": (b"<!doctype html><script>alert(1)</script>", no_image),
        "a page before the picture": (b"<html>" + PNG, no_image),
        "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n", no_image),
        "pdf": (b"%PDF-1.4\n1 0 obj<<>>endobj trailer<<>>", no_image),
        "a script that looks like a GIF": (b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)", either),
        "a zip": (zip_of({"a.png": PNG}), no_image),
        "a pickle": (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.", no_image),
        "portable pixmap": (b"P5 9 9 255\n" + bytes(81), no_image),
        "icon": (saved(GREY, "ICO"), no_image),
        "jpeg 2000": (saved(GREY, "JPEG2000"), no_image),
        "no pixels": (png_of(0, 0), no_image),
        "no height": (png_of(SIDE, 0), no_image),
        "greatest PNG": (png_of(2**31 - 1, 2**31 - 1), either),
        "more than a PNG can be": (png_of(2**32 - 1, 2**32 - 1), either),
        "PNG bomb": (png_of(30_000, 30_000, rows=300), too_large),
        "PNG of 16-bit colours": (png_of(20_000, 20_000, depth=16, colour=6), too_large),
        "one row of very many": (png_of(2**30, 1), too_large),
        "rows that are not there": (png_of(5_000, 5_000), no_image),
        "text bomb": (png_of(SIDE, SIDE, rows=SIDE, extra=chunk(b"zTXt", b"a\0\0" + bomb)), no_image),
        "profile bomb": (png_of(SIDE, SIDE, rows=0, extra=chunk(b"iCCP", b"a\0\0" + bomb)), no_image),
        "animation that lies": (png_of(SIDE, SIDE, extra=chunk(b"acTL", b"\xff" * 8)), no_image),
        "GIF of the largest screen": (gif_of(65_535, 65_535), too_large),
        "BMP that lies": (bmp_of(2**31 - 1, 2**31 - 1), either),
        "BMP upside down": (bmp_of(30_000, -30_000), too_large),
        "BMP of negative width": (bmp_of(-9, 9), either),
        "TIFF that names itself its next": (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", no_image),
        "TIFF with a tag beyond its end": (tiff_of(0xFFFF, [(256, 3, 1, 9)]), no_image),
        "TIFF of the largest sides": (tiff_of(2, [(256, 4, 1, 2**31), (257, 4, 1, 2**31)]), either),
        "WebP that lies": (b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + bytes(8), either),
        "JPEG of the largest sides": (jpeg_of(65_535, 65_535), too_large),
    }  # fmt: skip


def largest() -> dict[str, tuple[bytes, tuple[int, int]]]:
    """The largest pictures that are read, (width, height), in the modes that take most memory."""
    return {
        "colours": (png_of(5_000, 5_000, colour=6, rows=5_000), (5_000, 5_000)),
        "16-bit colours": (png_of(5_000, 5_000, depth=16, colour=2, rows=5_000), (5_000, 5_000)),
        "16-bit greys": (png_of(5_000, 5_000, depth=16, rows=5_000), (5_000, 5_000)),
        "a line": (png_of(1, 25_000_000 // 64, rows=25_000_000 // 64), (1, 25_000_000 // 64)),
    }


def cut_short() -> Iterator[tuple[str, bytes]]:
    """Each format's file at every tenth byte."""
    for kind, content in FORMATS.items():
        for length in range(1, len(content), 10):
            yield f"{kind}, {length} of {len(content)} bytes", content[:length]


def zip_of(files: dict[str, bytes]) -> bytes:
    """A .zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def bmp_of(width: int, height: int) -> bytes:
    """The header of a BMP, and ten pixels."""
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 64, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(30)


def tiff_of(count: int, tags: list[tuple[int, int, int, int]]) -> bytes:
    """A TIFF that says to have so many tags, and has these."""
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count) + b"".join(struct.pack("<HHII", *tag) for tag in tags)


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header says that it is so large."""
    content = bytearray(FORMATS["jpeg"])
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def gif_of(width: int, height: int) -> bytes:
    """A small GIF that says to be shown on so large a screen."""
    content = bytearray(FORMATS["gif"])
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)
