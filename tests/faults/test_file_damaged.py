"""Stored files are truncated, flipped or removed by hand: that is told, and nothing is drawn from them."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import obstore
import pytest

from live import Stack
from witness import DELICATE, ended, post, succeeded

SPEC = {**DELICATE, "epochs": 3, "train_samples": 256}


def _flipped(content: bytes) -> bytes:
    # Of the tensors, which follow the header.
    changed = bytearray(content)
    for position in range(8 + int.from_bytes(content[:8], "little"), len(content), 50):
        changed[position] ^= 0x40
    return bytes(changed)


@pytest.mark.everywhere
@pytest.mark.parametrize(
    "harm",
    [
        _flipped,
        lambda content: content[: len(content) // 2],
        pytest.param(lambda _: b"", marks=pytest.mark.full),
        pytest.param(lambda content: content[:8] + b"x" + content[9:], marks=pytest.mark.full),
    ],
    ids=["flipped", "truncated", "emptied", "header"],
)
def test_damage_is_told_with_a_code_and_other_epochs_are_drawn(
    client: httpx.Client, stack: Stack, harm: Callable[[bytes], bytes]
) -> None:
    job = post(client, SPEC)
    succeeded(client, job)
    path = stack.epoch_path(job, 2)
    stack.write(path, harm(stack.read(path)))
    _assert_damaged(client, job, 2)
    for epoch in (0, 1, 3):
        assert client.get(f"/v1/models/{job}/layers/Conv1/filters.png?epoch={epoch}").status_code == 200
        assert client.get(f"/v1/models/{job}/predictions.json?image=mnist:test:0&epoch={epoch}").status_code == 200


def test_a_file_that_is_gone_is_damage_too(client: httpx.Client, stack: Stack) -> None:
    job = post(client, SPEC)
    succeeded(client, job)
    obstore.delete(stack.store, stack.epoch_path(job, 2))
    _assert_damaged(client, job, 2)


def test_a_job_that_would_go_on_from_damage_fails_and_says_so(client: httpx.Client, stack: Stack) -> None:
    parent = post(client, SPEC)
    succeeded(client, parent)
    path = stack.epoch_path(parent, 3)
    stack.write(path, _flipped(stack.read(path)))
    child = ended(client, post(client, {"dataset": "mnist", "continue_from": {"model_id": parent, "epoch": 3}}))
    assert (child["status"], child["error"]["code"]) == ("failed", "cannot-go-on")
    assert "continue_from an earlier one" in child["error"]["detail"]
    other = post(client, {"dataset": "mnist", "epochs": 1, "continue_from": {"model_id": parent, "epoch": 2}})
    succeeded(client, other)


@pytest.mark.everywhere
def test_what_was_made_from_an_epoch_is_made_again(client: httpx.Client, stack: Stack) -> None:
    job = post(client, SPEC)
    succeeded(client, job)
    model = f"/v1/models/{job}"
    asked = (f"{model}/evaluation.json?epoch=1", f"{model}/export?format=onnx&epoch=1")
    before = [client.get(path).content for path in asked]
    for folder in (f"analysis/{job}/", f"exports/{job}/"):
        (path,) = stack.files(folder)
        content = stack.read(path)
        stack.write(path, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert [client.get(path).content for path in asked] == before


def _assert_damaged(client: httpx.Client, job: str, epoch: int) -> None:
    model = f"/v1/models/{job}"
    for path in (
        f"{model}/layers/Conv1/filters.png?epoch={epoch}",
        f"{model}/layers/Conv1/filters.npy?epoch={epoch}",
        f"{model}/layers/Conv1/activations.png?image=mnist:test:0&epoch={epoch}",
        f"{model}/predictions.json?image=mnist:test:0&epoch={epoch}",
        f"{model}/export?format=safetensors&epoch={epoch}",
        f"{model}/layers/Conv1/animation.html",
    ):
        response = client.get(path)
        assert response.status_code == 500, path
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["type"] == "/problems/damaged-file", path
        assert f"epoch-{epoch:05d}.safetensors" in problem["detail"]
