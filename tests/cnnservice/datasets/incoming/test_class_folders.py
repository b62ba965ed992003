"""Folders of pictures become images, classes and splits as one would sort them by hand."""

from __future__ import annotations

from io import BytesIO
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.datasets.errors import BadDataset, DatasetTooLarge

from .conftest import Read, packed, png

RNG = np.random.default_rng(2)


def picture(height: int = 6, width: int = 5, channels: int = 1) -> NDArray[np.uint8]:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return RNG.integers(0, 256, shape, np.uint8)


def folders(counts: dict[str, int], **form: int) -> dict[str, NDArray[np.uint8]]:
    """So many pictures in each `split/class`."""
    return {f"{folder}/{n:03d}.png": picture(**form) for folder, count in counts.items() for n in range(count)}


def zipped(pictures: dict[str, NDArray[np.uint8]]) -> bytes:
    return packed({name: png(pixels) for name, pixels in pictures.items()})


def test_every_picture_is_there_once_under_its_class(read: Read) -> None:
    pictures = folders({"train/b": 4, "train/a": 8, "test/a": 2, "test/b": 2})
    record, arrays = read(zipped(pictures))
    assert record["classes"] == ["a", "b"]
    assert (record["shape"], record["splits"]) == ([6, 5, 1], {"train": 12, "test": 4})
    for split in ("train", "test"):
        sent = {pixels.tobytes(): name.split("/")[1] for name, pixels in pictures.items() if name.startswith(split)}
        got = zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)
        assert {image.tobytes(): "ab"[label] for image, label in got} == sent


def test_the_first_images_hold_each_class_in_its_proportion(read: Read) -> None:
    _, arrays = read(zipped(folders({"train/a": 60, "train/b": 30, "train/c": 10, "test/a": 1, "test/b": 1})))
    for n in (10, 20, 50, 100):
        shares = np.bincount(arrays["y_train"][:n], minlength=3) / n
        np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=1 / n)


def test_without_test_every_sixth_of_a_class_is_for_testing(read: Read) -> None:
    pictures = folders({"train/a": 13, "train/b": 6, "train/c": 5})
    record, arrays = read(zipped(pictures))
    assert record["splits"] == {"train": 21, "test": 3}
    assert np.bincount(arrays["y_test"], minlength=3).tolist() == [2, 1, 0]
    expected = {pictures[name].tobytes() for name in ("train/a/005.png", "train/a/011.png", "train/b/005.png")}
    assert {image.tobytes() for image in arrays["x_test"]} == expected
    with pytest.raises(BadDataset, match="no class has 6 images"):
        read(zipped(folders({"train/a": 5, "train/b": 5})))


def test_one_colour_picture_makes_the_set_one_of_colour(read: Read) -> None:
    pictures = folders({"train/a": 6, "train/b": 6})
    pictures["train/b/000.png"] = picture(channels=3)
    record, arrays = read(zipped(pictures))
    assert record["shape"] == [6, 5, 3]
    images = {image.tobytes() for image in arrays["x_train"]}
    assert pictures["train/b/000.png"].tobytes() in images
    assert np.repeat(pictures["train/a/000.png"][..., np.newaxis], 3, 2).tobytes() in images


def test_pictures_of_one_size_are_wanted_unless_the_size_is_given(read: Read) -> None:
    pictures = folders({"train/a": 6, "train/b": 6})
    pictures["train/b/003.png"] = picture(7, 5)
    with pytest.raises(BadDataset, match=r"'train/b/003.png' is 7 pixels high and 5 wide, .* height and width"):
        read(zipped(pictures))
    record, arrays = read(zipped(pictures), size=(12, 10))
    assert record["shape"] == [12, 10, 1]
    # Twice as large: each pixel becomes four.
    doubled = {pixels.repeat(2, 0).repeat(2, 1).tobytes() for pixels in pictures.values() if pixels.shape == (6, 5)}
    assert sum(image.tobytes() in doubled for split in ("train", "test") for image in arrays[f"x_{split}"]) == 11


def test_a_picture_narrower_than_the_size_stands_on_the_background(read: Read) -> None:
    white = np.full((8, 4), 255, np.uint8)
    white[3:5, 1:3] = 10
    content = zipped({f"train/{name}/{n}.png": white for name, n in product("ab", range(6))})
    record, arrays = read(content, size=(8, 8))
    assert record["background"] == 255
    assert (arrays["x_train"][0, :, [0, 1, 6, 7], 0] == 255).all()
    np.testing.assert_array_equal(arrays["x_train"][0, :, 2:6, 0], white)


def test_the_orientation_a_camera_noted_is_applied(read: Read) -> None:
    pixels = picture(6, 5)
    turned = Image.Exif()
    turned[0x0112] = 6
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=turned)
    record, arrays = read(packed({f"train/{name}/{n}.png": file.getvalue() for name, n in product("ab", range(6))}))
    assert record["shape"] == [5, 6, 1]
    np.testing.assert_array_equal(arrays["x_train"][0, :, :, 0], np.rot90(pixels, -1))


def test_a_folder_around_and_what_systems_leave_are_passed_over(read: Read) -> None:
    pictures = folders({"train/a": 6, "train/b": 6})
    inside = {f"digits/{name}": png(pixels) for name, pixels in pictures.items()}
    left = {"__MACOSX/digits/train/a/._000.png": b"x", "digits/.DS_Store": b"x", "digits/train/a/Thumbs.db": b"x"}
    empty = {"digits/": b"", "digits/train/": b"", "digits/train/c/": b""}
    assert read(packed(empty | inside | left))[0] == read(zipped(pictures))[0]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_pictures_may_be_of_any_format_that_is_read_elsewhere(kind: str, read: Read) -> None:
    pixels = picture()
    content = packed({f"train/{name}/{n}": png(pixels, kind) for name, n in product("ab", range(6))})
    np.testing.assert_array_equal(read(content)[1]["x_test"][0, :, :, 0], pixels)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("train/a/note.txt", b"hello", "'train/a/note.txt' is no image that can be read (PNG, JPEG"),
        ("train/a/cut.png", png(picture())[:60], "cut.png'"),
        ("train/loose.png", png(picture()), "'train/loose.png' does not lie in train/<class>/"),
        (f"train/{'a' * 201}/0.png", png(picture()), "at most 200 signs"),
        ("train/\x1b[2J/0.png", png(picture()), "names no class"),
        ("valid/a/0.png", png(picture()), "'valid/a/0.png' does not lie in"),
        ("train/a/deep/0.png", png(picture()), "does not lie in"),
    ],
)
def test_a_file_that_does_not_belong_is_named(name: str, content: bytes, said: str, read: Read) -> None:
    good = {path: png(pixels) for path, pixels in folders({"train/a": 6, "train/b": 6}).items()}
    with pytest.raises(BadDataset) as refused:
        read(packed({**good, name: content}))
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("counts", "said"),
    [({}, "no image under train/"), ({"test/a": 3}, "no image under train/"), ({"train/a": 6}, "one class")],
)
def test_folders_without_enough_in_them_are_told(counts: dict[str, int], said: str, read: Read) -> None:
    with pytest.raises(BadDataset, match=said):
        read(zipped(folders(counts)))


def test_limits_hold_at_their_edges(read: Read) -> None:
    content = zipped(folders({"train/a": 6, "train/b": 6, "train/c": 6}, height=10, width=10))
    edges = {
        "max_dataset_images": 18,
        "max_classes": 3,
        "max_dataset_bytes": 1800,
        "max_image_pixels": 100,
        "max_dataset_image_values": 100,
        "max_dataset_picture_pixels": 1800,
    }
    read(content, **edges)
    for name, value in edges.items():
        with pytest.raises((DatasetTooLarge, BadDataset), match=str(value - 1)):
            read(content, **{name: value - 1})


def test_no_more_is_unpacked_than_the_limits_admit_together(read: Read) -> None:
    # Entries may share their bytes: a file of 20 MB could have terabytes unpacked.
    content = png(picture()).ljust(4096, b"\0")
    whole = packed({f"train/{label}/{number}.png": content for label in "ab" for number in range(6)})
    unpacked = 12 * len(content)
    read(whole, max_dataset_bytes=1024, max_dataset_upload_bytes=unpacked - 1024)
    with pytest.raises(DatasetTooLarge, match=f"{unpacked} bytes; at most {unpacked - 1}"):
        read(whole, max_dataset_bytes=1024, max_dataset_upload_bytes=unpacked - 1025)


def test_a_picture_file_beyond_the_upload_limit_is_refused(read: Read) -> None:
    pictures = folders({"train/a": 6, "train/b": 6}, height=40, width=40)
    largest = max(len(png(pixels)) for pixels in pictures.values())
    read(zipped(pictures), max_upload_bytes=largest)
    with pytest.raises(BadDataset, match=f"larger than {largest - 1} bytes"):
        read(zipped(pictures), max_upload_bytes=largest - 1)
