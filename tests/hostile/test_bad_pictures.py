"""A picture comes as what it shows, or is refused; and the service is the same after it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import pictures
from .conftest import Unharmed

KINDS = {422: {"/problems/not-an-image", "/problems/no-image"}, 413: {"/problems/image-too-large"}}


def send(client: httpx.Client, path: str, content: bytes, name: str = "x.png") -> httpx.Response:
    return client.post(path, files={"file": (name, content, "image/png")})


def seen(client: httpx.Client, model: str, reference: str) -> NDArray[np.uint8]:
    """An upload as a model of MNIST reads it."""
    drawn = client.get(f"{model}/input.png", params={"image": reference, "invert": "false", "scale": 1})
    return np.asarray(Image.open(io.BytesIO(drawn.content)).convert("L"))


def test_unusual_pictures_are_read_as_they_are(client: httpx.Client, tiny_model: str) -> None:
    for name, (content, expected) in pictures.read_right().items():
        answer = send(client, "/v1/images", content)
        assert answer.status_code == 201, (name, answer.text)
        assert (answer.json()["width"], answer.json()["height"]) == (pictures.SIDE, pictures.SIDE), name
        np.testing.assert_array_equal(seen(client, tiny_model, answer.json()["reference"]), expected, err_msg=name)


def test_what_is_no_picture_or_too_large_is_refused_wherever_one_is_read(
    client: httpx.Client, tiny_model: str, unharmed_by_it: Unharmed
) -> None:
    routes = ("/v1/images", f"{tiny_model}/predictions", f"{tiny_model}/activations?layer=FC1")
    with unharmed_by_it():
        for name, (content, statuses) in pictures.refused().items():
            for route in routes:
                answer = send(client, route, content)
                assert answer.status_code in statuses, (name, route, answer.text)
                assert answer.json()["type"] in KINDS[answer.status_code], (name, answer.text)


def test_a_file_cut_short_is_refused_or_shows_what_the_whole_shows(client: httpx.Client, tiny_model: str) -> None:
    whole = {
        kind: seen(client, tiny_model, send(client, "/v1/images", content).json()["reference"])
        for kind, content in pictures.FORMATS.items()
    }
    refusals = 0
    for name, content in pictures.cut_short():
        answer = send(client, "/v1/images", content)
        if answer.status_code == 201:
            shown = seen(client, tiny_model, answer.json()["reference"])
            np.testing.assert_array_equal(shown, whole[name.partition(",")[0]], err_msg=name)
        else:
            assert answer.status_code == 422, (name, answer.text)
            refusals += 1
    assert refusals > 0.9 * len(list(pictures.cut_short()))


def test_many_of_the_largest_at_once_take_the_memory_of_few(
    client: httpx.Client, tiny_model: str, unharmed_by_it: Unharmed
) -> None:
    def predict(case: tuple[bytes, tuple[int, int]]) -> int:
        return send(client, f"{tiny_model}/predictions", case[0]).status_code

    with unharmed_by_it(), ThreadPoolExecutor(12) as clients:
        assert set(clients.map(predict, list(pictures.largest().values()) * 2)) == {200}


def test_the_name_of_a_file_is_never_a_path_and_never_a_header(client: httpx.Client, unharmed_by_it: Unharmed) -> None:
    names = ("../../../etc/passwd", "/etc/passwd", "C:\\x", "a\r\nX-Injected: 1", "a\0.png", "ﷺ" * 1000, '"; x="', " ")
    assert send(client, "/v1/images", pictures.PNG).status_code == 201
    with unharmed_by_it():
        for name in names:
            answer = send(client, "/v1/images", pictures.PNG, name)
            assert answer.status_code == 201, (name, answer.text)
            assert "x-injected" not in answer.headers
            assert "passwd" not in answer.text
