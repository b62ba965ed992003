"""What may stand where an image is asked for, and its reference: what is not in the service yet is sent there."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cnnservice.client.problems import ClientError
from cnnservice.client.transport import Transport

_REFERENCE = re.compile(r"upload:\w+|[^/\\:]+:[^/\\:]+:\d+")
_PNG_MODES = ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")


@runtime_checkable
class Referenced(Protocol):
    """What has a reference already: a data set's image."""

    @property
    def reference(self) -> str: ...


ImageLike = str | os.PathLike[str] | bytes | Image.Image | NDArray[Any] | Referenced


class BadImage(ClientError):
    """This is no image, and names none."""


def reference_of(transport: Transport, image: ImageLike) -> str:
    """The reference of an image: itself, or that of what is sent. The same content has the same one.

    image: a reference (`mnist:test:0`, `upload:<sha256>`), a data set's Sample, a file's path or content, a picture of
    Pillow, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or of floats from 0 to 1.
    Raises BadImage, ProblemError.
    """
    if isinstance(image, Referenced):
        return image.reference
    if isinstance(image, str) and _REFERENCE.fullmatch(image):
        return image
    name, content = _file(image)
    reference: str = transport.send_file("/v1/images", name, content)["reference"]
    return reference


def _file(image: Any) -> tuple[str, bytes]:
    if isinstance(image, bytes):
        return "image", image
    if isinstance(image, Image.Image):
        return "image.png", _png(image)
    if isinstance(image, np.ndarray):
        return "image.png", _png(_picture(image))
    if not isinstance(image, str | os.PathLike):
        raise BadImage(
            f"A {type(image).__name__} is no image; one is a reference such as 'mnist:test:0', a path, bytes, "
            "a Pillow image or a NumPy array."
        )
    try:
        return Path(image).name, Path(image).read_bytes()
    except OSError as error:
        raise BadImage(
            f"{os.fspath(image)!r} is neither a reference ('mnist:test:0', 'upload:<sha256>') nor a file that can be "
            f"read: {error.strerror}."
        ) from None


def _png(picture: Image.Image) -> bytes:
    """A camera's orientation is applied here: what is written anew does not tell it."""
    turned = ImageOps.exif_transpose(picture)
    file = io.BytesIO()
    (turned if turned.mode in _PNG_MODES else turned.convert("RGB")).save(file, "PNG")
    return file.getvalue()


def _picture(array: NDArray[Any]) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)) or 0 in array.shape:
        raise BadImage(f"An array of shape {list(array.shape)} is no image; one is [H, W], [H, W, 1], 3 or 4.")
    if np.issubdtype(array.dtype, np.floating):
        if not ((array >= 0) & (array <= 1)).all():
            raise BadImage(
                f"Floats of an image are from 0 (black) to 1; these are from {array.min():g} to {array.max():g}. "
                "Scale them, or use uint8 from 0 to 255."
            )
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise BadImage(f"An image's array is uint8 from 0 to 255, or of floats from 0 to 1; this one is {array.dtype}.")
    return Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array)
