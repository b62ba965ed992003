"""What the document says of keys is held against the answers, too: with a key, without one, and with a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzzing import assert_nothing_undocumented
from live import start_stack, train

from .conftest import SPEC, commands, made


@pytest.mark.full
def test_with_keys_nothing_is_answered_that_the_document_does_not_tell_of(tmp_path: Path, hostile_seed: int) -> None:
    # Whoever asks all the time is no more than told so; here that would be all that is told.
    stack = start_stack(tmp_path / "data", requests_per_second="100000", requests_burst="100000")
    try:
        key = made(commands(stack), "mallory", "admin")
        with stack.client as client:
            client.headers["Authorization"] = f"Bearer {key}"
            job = train(client, **SPEC)
        model = f"/v1/models/{job['id']}"
        assert_nothing_undocumented(stack, model, seed=hostile_seed, full=True, key=key)
    finally:
        assert stack.stop() == 0
