"""The page that every animation is: one file that loads nothing, with play, pause, step, speed and a slider."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any


def player_page(
    painter: str,
    facts: Mapping[str, Any],
    *,
    title: str,
    note: str,
    epochs: Sequence[int],
    captions: Sequence[str],
    interval_ms: int,
) -> bytes:
    """A UTF-8 page that shows a frame an epoch, each with its caption; note is said below the title.

    painter is the file beside this one that draws the frames from facts, which are JSON; its canvas has the size
    [width, height] of facts, and density pixels to one of the page.
    """
    told = {**facts, "epochs": list(epochs), "captions": list(captions), "interval": interval_ms}
    # "</script" and "<!--" mean something in a script; to JSON the escaped sign is the same.
    script = json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")
    # In one pass, so that a title may itself say {{facts}}.
    filling = {
        "{{title}}": escape(title),
        "{{note}}": escape(note),
        "{{facts}}": script,
        "{{painter}}": _file(painter).rstrip(),
    }
    page = re.sub("|".join(map(re.escape, filling)), lambda place: filling[place[0]], _file("animation.html"))
    return page.encode()


def as_text(content: bytes) -> str:
    """Bytes in base64, as a page holds them."""
    return base64.b64encode(content).decode()


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
