"""The page can be used by everybody: axe-core finds nothing serious, and it fits where it is looked at."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from page_tools import quiet

AXE = Path(__file__).parents[1] / "typescript/node_modules/axe-core/axe.min.js"
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 360, "height": 740}
VIEWS = {
    "train": "/?view=train",
    "watch": "/?view=watch&model={id}",
    "look": "/?view=look&model={id}&epoch=5&layer=Conv1&filter=3&open=judged,methods",
    "compare": "/?view=compare&model={id}&open=image",
    "sweep": "/?view=sweep&sweep={sweep}&open=new",
}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_serious_violation(
    browse: Any, notebook_job: dict[str, Any], swept: dict[str, Any], view: str
) -> None:
    page = browse(VIEWS[view].format(id=notebook_job["id"], sweep=swept["id"]))
    if view == "sweep":
        expect(page.get_by_role("table")).to_be_visible()
    else:
        quiet(page)
    page.evaluate(AXE.read_text("utf-8"))
    for size, scheme in product((WIDE, NARROW), ("light", "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("() => axe.run()")
        serious = [
            (rule["id"], [node["target"] for node in rule["nodes"]], rule["nodes"][0]["failureSummary"])
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert len(found["passes"]) > 20, "axe has looked at something"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than its window"
