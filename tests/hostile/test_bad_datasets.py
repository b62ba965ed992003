"""A data set comes as what it is, or is refused; and the service is the same after it."""

from __future__ import annotations

import warnings

import httpx
import pytest

from live import Stack

from . import archives
from .conftest import Unharmed

KINDS = {422: "/problems/bad-dataset", 413: "/problems/dataset-too-large"}


def send(client: httpx.Client, content: bytes, name: str = "hostile", **fields: int) -> httpx.Response:
    return client.post("/v1/datasets", data={"name": name, **fields}, files={"file": ("x.zip", content)}, timeout=300)


def assert_refused(answer: httpx.Response, what: str) -> None:
    assert answer.status_code in KINDS, (what, answer.status_code, answer.text)
    assert answer.json()["type"] == KINDS[answer.status_code], (what, answer.text)
    assert len(answer.content) < 20_000, what


def test_an_array_that_cannot_be_one_is_refused(client: httpx.Client, unharmed_by_it: Unharmed) -> None:
    with unharmed_by_it():
        for what, header in archives.bad_headers().items():
            for key in ("x_train", "y_test"):
                assert_refused(send(client, archives.npz_with(header, key)), what)
        for what, content in archives.bad_arrays().items():
            assert_refused(send(client, content), what)


def test_a_zip_that_cannot_be_a_data_set_is_refused(client: httpx.Client, unharmed_by_it: Unharmed) -> None:
    with unharmed_by_it():
        for what, content in archives.bad_zips().items():
            assert_refused(send(client, content), what)
            if what in ("a picture bomb", "pictures that share their bytes"):
                assert_refused(send(client, content, height=8, width=8), what)


@pytest.mark.parametrize(
    "whole", [archives.zip_of(archives.GOOD), archives.zip_of(archives.FOLDERS)], ids=["npz", "zip"]
)
def test_a_file_cut_short_anywhere_is_refused(client: httpx.Client, unharmed_by_it: Unharmed, whole: bytes) -> None:
    with unharmed_by_it():
        for length in range(0, len(whole) - 1, max(10, len(whole) // 60)):
            assert_refused(send(client, whole[:length]), f"{length} of {len(whole)} bytes")


def test_what_is_odd_and_right_is_read(client: httpx.Client, unharmed_by_it: Unharmed) -> None:
    with unharmed_by_it():
        for number, (what, content) in enumerate(archives.odd_but_right().items()):
            name = f"odd-{number}"
            answer = send(client, content, name)
            assert answer.status_code == 201, (what, answer.text)
            assert answer.json()["splits"] == {"train": 10, "test": 2}, what
            assert len(answer.json()["classes"]) == 2, what
            assert client.delete(f"/v1/datasets/{name}").status_code == 204
        with warnings.catch_warnings(action="ignore"):
            twice = archives.same_name_twice()
        answer = send(client, twice, "twice")
        assert (answer.status_code, answer.json()["splits"]) == (201, {"train": 4, "test": 2})
        client.delete("/v1/datasets/twice")


def test_a_form_is_one_file_and_few_short_words(client: httpx.Client, stack: Stack, unharmed_by_it: Unharmed) -> None:
    good = archives.zip_of(archives.GOOD)
    one = ("file", ("x.npz", good))
    forms = {
        "two files": httpx.Request("POST", stack.url, files=[one, one], data={"name": "a"}),
        "a hundred words": httpx.Request("POST", stack.url, files=[one], data={f"n{n}": "a" for n in range(100)}),
        "64 long words": httpx.Request(
            "POST", stack.url, files=[one], data={f"n{n}": "a" * 900_000 for n in range(64)}
        ),
    }
    with unharmed_by_it():
        for what, form in forms.items():
            answer = client.post(
                "/v1/datasets", content=form.read(), headers={"Content-Type": form.headers["Content-Type"]}
            )
            assert answer.status_code == 400, (what, answer.text)
