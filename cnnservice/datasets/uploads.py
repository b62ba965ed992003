"""Pictures that clients send: decoded within limits, then made into what a data set's images look like."""

from __future__ import annotations

from io import BytesIO
from threading import BoundedSemaphore
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, TILELENGTH, TILEWIDTH, TiffImageFile

from cnnservice.datasets.errors import ImageTooLarge, NotAnImage

# Decoding and fitting take up to 20 bytes a pixel, half a gigabyte for the largest pictures allowed: who does either
# holds one of these meanwhile.
DECODERS = BoundedSemaphore(2)
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")

Invert = Literal["auto", "true", "false"]


# Where they lie in the artifact store: those that nobody owns, and those of owners.
IMAGE_FOLDERS = ("images/", "owners/")


def image_path(sha256: str, owner: str | None) -> str:
    """Where a file that a client sent lies in the artifact store."""
    return f"images/{sha256}" if owner is None else f"owners/{owner}/images/{sha256}"


class ImageForm(Protocol):
    """What all images of a data set have in common."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""

    @property
    def background(self) -> int:
        """0..255."""


def decode_image(content: bytes, *, max_pixels: int) -> Image.Image:
    """A file's first picture, turned upright, of mode L, RGB or RGBA.

    The size is read from the header and held against max_pixels before anything is decoded. 12- and 16-bit greys
    keep their eight high bits, as Pillow does with 16-bit colours; 32-bit and floating-point greys, whose black and
    white are not agreed on, are stretched from their own least to their own greatest value.
    Raises NotAnImage, ImageTooLarge.
    """
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
        if _pixels_to_decode(image) > max_pixels:
            raise ImageTooLarge(max_pixels)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _in_eight_bits(image)
    except ImageTooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLarge(max_pixels) from None
    except UnidentifiedImageError:
        raise NotAnImage("its content is of another format", allowed=FORMATS) from None
    except Exception as error:
        # Broken files make the decoders raise anything: OSError, SyntaxError, ValueError, struct.error, MemoryError.
        raise NotAnImage("it is broken or cut short", allowed=FORMATS) from error


def image_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) in pixels."""
    return image.size


def fit_image(image: Image.Image, dataset: ImageForm, *, invert: Invert = "auto") -> NDArray[np.uint8]:
    """A decoded picture as an image of the data set, (H, W, C) uint8.

    Grey is ITU-R 601 luma. A picture of another size keeps its aspect ratio: each pixel becomes the mean of those
    whose centres it covers, and the picture stands in the middle of the data set's background. One of H x W keeps its
    pixels. invert="auto" inverts, for data sets of one channel, a picture whose border would come nearer to the
    data set's background: a photograph of ink on paper, for a data set that is white on black. What is transparent
    is background in the end, inverted or not; to judge the border, it counts as paper that the opaque part stands
    out from, so that a black digit on nothing is seen as one on white paper.
    """
    height, width, channels = dataset.shape
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    flat = image.convert("L" if channels == 1 else "RGB")
    inverted = invert == "true" or (
        invert == "auto" and channels == 1 and _is_nearer_inverted(flat, alpha, dataset.background)
    )
    flat = _composite(flat, alpha, 255 - dataset.background if inverted else dataset.background)
    if inverted:
        flat = ImageChops.invert(flat)
    return np.array(_contain(flat, width, height, dataset.background)).reshape(dataset.shape)


def _pixels_to_decode(image: Image.Image) -> int:
    # libtiff decodes whole tiles, and a tile may be larger than the picture: 1.5 MB of zeros, said to be one tile
    # of 40000 x 40000 in a picture of 8 x 8, took 1.5 GB.
    tile = 0
    if isinstance(image, TiffImageFile):
        tile = int(image.tag_v2.get(TILEWIDTH, 0)) * int(image.tag_v2.get(TILELENGTH, 0))
    return max(image.width * image.height, tile)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> (_bits(image) - 8)).astype(np.uint8))
    if image.mode in ("I", "F"):
        return Image.fromarray(_stretch(np.asarray(image).astype(np.float32)))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _bits(image: Image.Image) -> int:
    # Pillow gives the 12 bits of a TIFF the mode of 16, unscaled.
    return int(image.tag_v2.get(BITSPERSAMPLE, (16,))[0]) if isinstance(image, TiffImageFile) else 16


def _stretch(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    values = np.nan_to_num(values, copy=False)
    # Halved first: the range of the largest floats is more than a float.
    values /= 2
    values -= values.min()
    values /= max(values.max(), np.finfo(np.float32).tiny)
    values *= 255
    return np.rint(values, out=values).astype(np.uint8)


def _is_nearer_inverted(grey: Image.Image, alpha: Image.Image | None, background: int) -> bool:
    pixels = np.asarray(_composite(grey, alpha, _paper(grey, alpha) if alpha else 0))
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]).mean()
    return bool(abs(255 - border - background) < abs(border - background))


def _paper(grey: Image.Image, alpha: Image.Image) -> int:
    # The mean weighted by alpha, not that of what is more than half opaque: a faint white stroke is white, too.
    return 255 if 255 * _sum(ImageChops.multiply(grey, alpha)) < 128 * _sum(alpha) else 0


def _sum(image: Image.Image) -> int:
    return sum(value * count for value, count in enumerate(image.histogram()))


def _composite(image: Image.Image, alpha: Image.Image | None, value: int) -> Image.Image:
    return image if alpha is None else Image.composite(image, _filled(image.mode, image.size, value), alpha)


def _contain(image: Image.Image, width: int, height: int, background: int) -> Image.Image:
    if image.size == (width, height):
        return image
    ratio = min(width / image.width, height / image.height)
    inner = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    canvas = _filled(image.mode, (width, height), background)
    canvas.paste(image.resize(inner, Image.Resampling.BOX), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas


def _filled(mode: str, size: tuple[int, int], value: int) -> Image.Image:
    return Image.new(mode, size, value if mode == "L" else (value, value, value))
