"""What can be wrong with data sets, references to their images, and uploaded pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnservice.errors import ConflictError, FieldError, InvalidError, NotFoundError, TooLargeError

# Characters of a client's own text that a message repeats.
_QUOTED = 80


class UnknownDataset(NotFoundError):
    """No data set has that name."""

    code = "unknown-dataset"
    title = "Unknown data set"

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        super().__init__(f"There is no data set {name[:_QUOTED]!r}; there are: {', '.join(known)}.")


class UnknownSplit(NotFoundError):
    """The data set has no such part."""

    code = "unknown-split"
    title = "Unknown split"

    def __init__(self, dataset: str, split: str, *, known: Sequence[str]) -> None:
        super().__init__(f"{dataset} has no split {split[:_QUOTED]!r}; it has: {', '.join(known)}.")


class TooManySamples(InvalidError):
    """More samples are asked for than the whole data set has."""

    code = "too-many-samples"
    title = "Too many samples"

    def __init__(self, dataset: str, split: str, asked: int, limit: int) -> None:
        detail = f"{split}_samples is {asked}; {dataset} has {limit} images in {split}, so at most {limit} is allowed."
        super().__init__(detail, errors=(FieldError(f"/{split}_samples", detail),))


class SamplesNotAvailable(InvalidError):
    """The data set has the samples asked for, but they are not on this machine."""

    code = "samples-not-available"
    title = "Samples not available"

    def __init__(self, dataset: str, split: str, asked: int, available: int, how_to_provide: str) -> None:
        detail = f"{split}_samples is {asked}; {available} images of {dataset}'s {split} are here. {how_to_provide}"
        super().__init__(detail, errors=(FieldError(f"/{split}_samples", detail),))


class WrongChecksum(InvalidError):
    """A data set's file is there but is not the file it should be."""

    code = "wrong-checksum"
    title = "Wrong checksum"

    def __init__(self, path: Path, algorithm: str, *, expected: str, actual: str, advice: str = "") -> None:
        super().__init__(
            f"{path} is not the file it should be: its {algorithm} is {actual}, expected is {expected}. "
            f"Replace or remove it. {advice}".rstrip()
        )


class BadReference(InvalidError):
    """Text that does not name an image."""

    code = "bad-reference"
    title = "Bad image reference"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:_QUOTED]!r} is not an image reference. Allowed are dataset:split:index, for instance "
            "mnist:test:0, and upload:sha256 with the 64 lower-case hexadecimal digits that POST /v1/images "
            f"returned, for instance upload:{'0123456789abcdef' * 4}."
        )


class IndexOutOfRange(NotFoundError):
    """A split has no image at that index, or not on this machine."""

    code = "index-out-of-range"
    title = "Index out of range"

    def __init__(self, dataset: str, split: str, index: int, available: int, how_to_provide: str = "") -> None:
        allowed = f"0 to {available - 1}" if available else "none"
        super().__init__(
            f"There is no image {index} in {dataset}'s {split} here; indices: {allowed}. {how_to_provide}".rstrip()
        )


class ClassOutOfRange(InvalidError):
    """The data set has no such class."""

    code = "class-out-of-range"
    title = "Class out of range"

    def __init__(self, target: int, classes: tuple[str, ...]) -> None:
        detail = f"class is {target}; 0..{len(classes) - 1} is allowed."
        super().__init__(detail, errors=(FieldError("?class", detail),))


class NotAnImage(InvalidError):
    """An upload that cannot be decoded."""

    code = "not-an-image"
    title = "Not an image"

    def __init__(self, reason: str, *, allowed: Sequence[str]) -> None:
        super().__init__(f"The upload is not a picture that can be read: {reason}. Allowed: {', '.join(allowed)}.")


class ImageTooLarge(TooLargeError):
    """A picture with more pixels than are decoded here."""

    code = "image-too-large"
    title = "Image too large"

    def __init__(self, max_pixels: int) -> None:
        super().__init__(f"The picture has more than {max_pixels} pixels (width times height), the most allowed.")


class BadDataset(InvalidError):
    """An uploaded data set that cannot be one."""

    code = "bad-dataset"
    title = "Not a data set"

    def __init__(self, reason: str) -> None:
        detail = (
            f"{reason} Allowed are an .npz with x_train, y_train, x_test and y_test, x of uint8 with shape (n, H, W), "
            "(n, H, W, 1) or (n, H, W, 3) and y of whole numbers from 0 with shape (n,), and a .zip of "
            "train/<class>/<image> and, where there is one, test/<class>/<image>."
        )
        super().__init__(detail, errors=(FieldError("/file", detail),))


class DatasetTooLarge(TooLargeError):
    """An uploaded data set beyond a setting."""

    code = "dataset-too-large"
    title = "Data set too large"

    def __init__(self, what: str, limit: int, setting: str) -> None:
        super().__init__(f"The data set {what}; at most {limit} is allowed (setting {setting}).")


class NameTaken(ConflictError):
    """The name stands for other images."""

    code = "name-taken"
    title = "Name taken"

    def __init__(self, name: str, *, deleted: bool = False) -> None:
        what = "once stood for other images, and links to them may be cached" if deleted else "is taken"
        super().__init__(f"The name {name!r} {what}; choose another, for instance {name + '-2'!r}.")


class BuiltIn(ConflictError):
    """A data set that comes with the service cannot be deleted."""

    code = "built-in"
    title = "Built-in data set"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is built in; only uploaded data sets can be deleted.")


class DatasetInUse(ConflictError):
    """A live job reads the data set."""

    code = "dataset-in-use"
    title = "Data set in use"

    def __init__(self, name: str, jobs: Sequence[str]) -> None:
        named = f"job {jobs[0]}" + (f" and {len(jobs) - 1} more" if len(jobs) > 1 else "")
        super().__init__(f"{name} is read by {named}; cancel it or wait for its end before deleting the data set.")


class DatasetDeleted(NotFoundError):
    """What a model was trained on is no longer here."""

    code = "dataset-deleted"
    title = "Data set deleted"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The data set {name!r} has been deleted, and its images with it. Models trained on it can still be looked "
            "into with uploaded images; uploading the same file under the same name brings it back."
        )
