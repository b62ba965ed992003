"""From a reference or an upload to what the network sees."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import obstore
from numpy.typing import NDArray

from api.services import Services
from cnnservice.datasets.references import DatasetReference, UploadReference, label_of, load_reference, parse_reference
from cnnservice.datasets.uploads import DECODERS, decode_image, fit_image, image_path, image_size
from cnnservice.errors import CorruptError, FieldError, InvalidError, NotFoundError
from cnnservice.models import Snapshot
from cnnservice.settings import Settings
from cnnservice.store import outages_told, put_whole

Invert = Literal["auto", "true", "false"]


class UnknownUpload(NotFoundError):
    """No upload has this checksum."""

    code = "unknown-upload"
    title = "Unknown upload"

    def __init__(self, sha256: str) -> None:
        super().__init__(f"There is no upload {sha256}; POST /v1/images stores one and answers with its reference.")


class DamagedUpload(CorruptError):
    """A stored upload is no longer what was sent."""

    code = "damaged-upload"

    def __init__(self, path: str) -> None:
        super().__init__(f"The stored file {path} does not match its checksum; post the image again to mend it.")


class WrongShape(InvalidError):
    """The image is of another data set, with images of another shape."""

    code = "wrong-shape"
    title = "Image of another shape"


def upload_size(content: bytes, settings: Settings) -> tuple[int, int]:
    """(width, height) of an uploaded picture, decoded to know that it is whole. Raises NotAnImage, ImageTooLarge."""
    with DECODERS:
        return image_size(decode_image(content, max_pixels=settings.max_image_pixels))


def keep_upload(services: Services, content: bytes) -> str:
    """Store a file under its SHA-256, which is returned, among those of who sends it."""
    sha256 = hashlib.sha256(content).hexdigest()
    put_whole(services.checkpoints.store, _path(services, sha256), content)
    return sha256


def load_image(services: Services, snapshot: Snapshot, text: str, invert: Invert) -> NDArray[np.float32]:
    """The image that a reference names, (H, W, C), as the model's training data were normalised.

    Raises what load_pixels does.
    """
    return snapshot.normalizer.apply(load_pixels(services, snapshot, text, invert))


def load_pixels(services: Services, snapshot: Snapshot, text: str, invert: Invert) -> NDArray[np.uint8]:
    """The image that a reference names, (H, W, C), as the model's data set has its images.

    Raises BadReference, UnknownDataset, IndexOutOfRange, UnknownUpload, DamagedUpload, WrongShape.
    """
    reference = parse_reference(text)
    if isinstance(reference, UploadReference):
        return _fit(services, snapshot, _read_upload(services, reference), invert)
    image = load_reference(reference, services.catalogue)
    expected = snapshot.dataset.shape
    if image.shape != expected:
        detail = f"{text} is {list(image.shape)}; this model takes images {list(expected)} of {snapshot.spec.dataset}."
        raise WrongShape(detail, errors=(FieldError("?image", detail),))
    return image


def fit_upload(services: Services, snapshot: Snapshot, content: bytes, invert: Invert) -> NDArray[np.float32]:
    """An uploaded file as (H, W, C), normalised. Raises NotAnImage, ImageTooLarge."""
    return snapshot.normalizer.apply(_fit(services, snapshot, content, invert))


def label_of_reference(services: Services, text: str) -> int | None:
    """The true class of a data set's image; None of an upload."""
    reference = parse_reference(text)
    if isinstance(reference, DatasetReference):
        return label_of(reference, services.catalogue)
    return None


def _fit(services: Services, snapshot: Snapshot, content: bytes, invert: Invert) -> NDArray[np.uint8]:
    with DECODERS:
        picture = decode_image(content, max_pixels=services.settings.max_image_pixels)
        return fit_image(picture, snapshot.dataset, invert=invert)


def _read_upload(services: Services, reference: UploadReference) -> bytes:
    path = _path(services, reference.sha256)
    try:
        with outages_told():
            content = bytes(obstore.get(services.checkpoints.store, path).bytes())
    except FileNotFoundError:
        raise UnknownUpload(reference.sha256) from None
    if hashlib.sha256(content).hexdigest() != reference.sha256:
        raise DamagedUpload(path)
    return content


def _path(services: Services, sha256: str) -> str:
    # By owner: whether somebody else has sent a certain picture is nobody's business.
    return image_path(sha256, None if services.key is None else services.key.owner)
