"""The Python client's images: whatever stands for one, the network sees the same."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnservice.client import (
    BadImage,
    Client,
    Model,
    ProblemError,
)

HEAD = Path(__file__).parents[2] / "cnnservice" / "datasets" / "mnist_head.npz"
DIGIT = "mnist:test:0"


def test_an_image_is_named_sent_as_a_file_or_made_of_numbers_and_means_the_same(
    service: Client, small_cnn: Model, tmp_path: Path
) -> None:
    pixels = np.load(HEAD)["x_test"][3]
    sample = service.dataset("mnist").image(3, split="test")
    np.testing.assert_array_equal(sample.array[..., 0], pixels)
    assert (sample.reference, sample.label, sample.class_name) == ("mnist:test:3", np.load(HEAD)["y_test"][3], "0")
    picture, file = Image.fromarray(pixels), tmp_path / "digit.png"
    picture.save(file)
    images: list[Any] = ["mnist:test:3", sample, file, str(file), file.read_bytes(), picture, pixels]
    images += [pixels[..., np.newaxis], pixels / 255, np.repeat(pixels[..., np.newaxis], 3, axis=2)]
    images += [picture.convert("CMYK")]
    expected = small_cnn.predict("mnist:test:3")
    assert expected.label == sample.label
    for image in images:
        prediction = small_cnn.predict(image)
        np.testing.assert_array_equal(prediction.logits, expected.logits, err_msg=repr(image))
    reference = service.upload(file)
    assert reference == f"upload:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert service.upload(file.read_bytes()) == service.upload(reference) == reference
    maps = small_cnn.layer("Conv1").activations(picture, epoch=2).array
    np.testing.assert_array_equal(maps, small_cnn.layer("Conv1").activations(DIGIT.replace("0", "3"), epoch=2).array)
    assert prediction.top[0].probability == pytest.approx(prediction.probabilities.max())
    assert prediction.top[0].index == prediction.probabilities.argmax()


def test_a_photo_stands_as_its_camera_says(small_cnn: Model) -> None:
    pixels = np.load(HEAD)["x_test"][3]
    turned, exif, file = Image.fromarray(np.rot90(pixels).copy()), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # to be turned back by a quarter
    turned.save(file, "JPEG", exif=exif)
    expected = small_cnn.predict(file.getvalue()).logits
    np.testing.assert_array_equal(small_cnn.predict(Image.open(file)).logits, expected)
    assert not np.array_equal(small_cnn.predict(turned).logits, expected)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("digit.png", "neither a reference .* nor a file that can be read: No such file"),
        (7, "A int is no image"),
        (np.zeros(5), r"shape \[5\] is no image"),
        (np.zeros((0, 3)), r"shape \[0, 3\] is no image"),
        (np.full((2, 2), 1.5), "from 1.5 to 1.5"),
        (np.full((2, 2), np.nan), "from nan to nan"),
        (np.zeros((2, 2), np.int64), "this one is int64"),
    ],
)
def test_what_is_no_image_is_told_what_is(service: Client, image: Any, message: str) -> None:
    with pytest.raises(BadImage, match=message):
        service.upload(image)


def test_a_data_set_of_ones_own_is_uploaded_and_deleted(service: Client, tmp_path: Path) -> None:
    head, file = np.load(HEAD), tmp_path / "mine.npz"
    np.savez(file, **{name: head[name][:20] for name in head.files if name[:2] in ("x_", "y_")})
    mine = service.upload_dataset("client_mine", file)
    np.testing.assert_array_equal(mine.image(4).array[..., 0], head["x_train"][4])
    mine.delete()
    with pytest.raises(ProblemError, match="client_mine"):
        service.dataset("client_mine")
