"""Every error names the value, the rule and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnservice.datasets import errors
from cnnservice.datasets.errors import (
    BadDataset,
    BadReference,
    BuiltIn,
    ClassOutOfRange,
    DatasetDeleted,
    DatasetInUse,
    DatasetTooLarge,
    ImageTooLarge,
    IndexOutOfRange,
    NameTaken,
    NotAnImage,
    SamplesNotAvailable,
    TooManySamples,
    UnknownDataset,
    UnknownSplit,
    WrongChecksum,
)
from cnnservice.errors import ConflictError, DomainError, InvalidError, NotFoundError, TooLargeError

EXAMPLES: list[tuple[DomainError, type[DomainError], list[str]]] = [
    (UnknownDataset("x", known=["mnist", "small"]), NotFoundError, ["'x'", "mnist, small"]),
    (UnknownSplit("mnist", "valid", known=["train", "test"]), NotFoundError, ["mnist", "'valid'", "train, test"]),
    (TooManySamples("mnist", "train", 60_001, 60_000), InvalidError, ["train_samples is 60001", "at most 60000"]),
    (
        SamplesNotAvailable("mnist", "test", 1001, 1000, "Place it there."),
        InvalidError,
        ["test_samples is 1001", "1000 images", "Place it there."],
    ),
    (
        WrongChecksum(Path("/d/mnist.npz"), "sha256", expected="e" * 64, actual="a" * 64, advice="Or less."),
        InvalidError,
        ["/d/mnist.npz", "its sha256 is " + "a" * 64, "expected is " + "e" * 64, "Replace or remove it.", "Or less."],
    ),
    (BadReference("mnist"), InvalidError, ["'mnist'", "dataset:split:index", "mnist:test:0", "upload:0123"]),
    (ClassOutOfRange(10, tuple("0123456789")), InvalidError, ["10", "0..9"]),
    (IndexOutOfRange("mnist", "test", -1, 1000), NotFoundError, ["image -1", "mnist's test", "0 to 999"]),
    (IndexOutOfRange("mnist", "test", 0, 0, "Place it."), NotFoundError, ["indices: none", "Place it."]),
    (NotAnImage("it is broken", allowed=["PNG", "GIF"]), InvalidError, ["it is broken", "Allowed: PNG, GIF."]),
    (BadDataset("x_test is missing."), InvalidError, ["x_test is missing.", "x_train, y_train", "train/<class>/"]),
    (
        DatasetTooLarge("has 3 images", 2, "CNNSERVICE_MAX_DATASET_IMAGES"),
        TooLargeError,
        ["has 3 images", "at most 2", "CNNSERVICE_MAX_DATASET_IMAGES"],
    ),
    (NameTaken("mine"), ConflictError, ["'mine' is taken", "'mine-2'"]),
    (NameTaken("mine", deleted=True), ConflictError, ["'mine' once stood for other images", "'mine-2'"]),
    (BuiltIn("mnist"), ConflictError, ["mnist is built in", "only uploaded"]),
    (DatasetInUse("mine", ["a"]), ConflictError, ["mine is read by job a;", "cancel it or wait"]),
    (DatasetInUse("mine", ["a", "b", "c"]), ConflictError, ["job a and 2 more"]),
    (DatasetDeleted("mine"), NotFoundError, ["'mine' has been deleted", "brings it back"]),
    (ImageTooLarge(784), TooLargeError, ["more than 784 pixels"]),
]


@pytest.mark.parametrize(("error", "kind", "parts"), EXAMPLES, ids=lambda value: getattr(value, "code", ""))
def test_the_message_says_what_is_wrong_and_what_is_allowed(
    error: DomainError, kind: type[DomainError], parts: list[str]
) -> None:
    assert isinstance(error, kind)
    for part in parts:
        assert part in error.detail
    assert error.detail == error.detail.strip() == str(error)


@pytest.mark.parametrize("error", [TooManySamples("mnist", "test", 2, 1), SamplesNotAvailable("m", "test", 2, 1, "")])
def test_an_error_about_a_number_points_at_its_field(error: DomainError) -> None:
    assert [(field.pointer, field.detail) for field in error.errors] == [("/test_samples", error.detail)]


@pytest.mark.parametrize(
    "error",
    [UnknownDataset("x" * 9999, known=["m"]), UnknownSplit("m", "x" * 9999, known=["t"]), BadReference("x" * 9999)],
)
def test_a_long_text_is_not_repeated(error: DomainError) -> None:
    assert "x" * 80 in error.detail
    assert "x" * 81 not in error.detail


def test_every_error_has_a_code_and_a_title_of_its_own_and_an_example_here() -> None:
    kinds: list[type[DomainError]] = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__
    ]
    assert {type(error) for error, _, _ in EXAMPLES} == set(kinds)
    assert len({kind.code for kind in kinds}) == len({kind.title for kind in kinds}) == len(kinds)
    assert not {kind.code for kind in kinds} & {kind.code for kind in (NotFoundError, InvalidError, TooLargeError)}
