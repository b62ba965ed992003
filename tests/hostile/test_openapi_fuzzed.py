"""All that the OpenAPI document describes is asked for, rightly and wrongly, and the answers held against it."""

from __future__ import annotations

from fuzzing import assert_nothing_undocumented
from live import Stack


def test_nothing_is_answered_that_the_document_does_not_tell_of(
    stack: Stack, tiny_model: str, full: bool, hostile_seed: int
) -> None:
    assert_nothing_undocumented(stack, tiny_model, seed=hostile_seed, full=full)
