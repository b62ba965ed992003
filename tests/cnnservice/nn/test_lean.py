"""Packages that seem not to be installed for a while."""

from __future__ import annotations

import importlib
import sys

import pytest

from cnnservice.nn.lean import absent


def test_what_is_absent_cannot_be_imported_until_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with absent("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(1, 1, 1) == (0, 0, 1)


def test_what_was_imported_before_stays() -> None:
    before = sys.modules["json"]
    with absent("json"):
        assert sys.modules["json"] is before
    assert sys.modules["json"] is before
