"""Whatever stands in the address, the page says what is wrong with it and goes on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from page_tools import quiet, shown

LOOK = "view=look&model={id}&epoch=3"


def in_full(*values: str) -> Any:
    """A case for the full suite alone."""
    return pytest.param(*values, marks=pytest.mark.full)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("view=look&model=nobody", "There is no job or model 'nobody'"),
        (f"{LOOK}&image=bad", "'bad' is not an image reference"),
        (f"{LOOK}&layer=Conv1&channel=99", "channel is 99; this kernel has 1 input channel(s)"),
        (f"{LOOK}&pick_class=77", "class is 77; 0..9 is allowed."),
        in_full("view=watch&model=nobody", "There is no job or model 'nobody'"),
        in_full("view=compare&model={id}&with=nobody", "There is no job or model 'nobody'"),
        in_full(f"{LOOK}&cmap=nope", "nope"),
        in_full(f"{LOOK}&class=77", "class is 77; 0..9 is allowed."),
    ],
)
def test_what_there_is_not_is_said_in_the_words_of_the_api(
    browse: Any, notebook_job: dict[str, Any], address: str, said: str
) -> None:
    page = browse(f"/?{address.format(id=notebook_job['id'])}")
    expect(page.get_by_text(said).filter(visible=True).first).to_be_visible()


@pytest.mark.parametrize(
    "nonsense",
    [
        "epoch=999&layer=Nope&filter=9999&methods=nope&pick=nope&open=nope",
        "epoch=abc&filter=x",
        *map(in_full, ("epoch=999", "layer=Nope", "filter=9999", "methods=nope", "pick=nope", "open=nope")),
    ],
)
def test_what_means_nothing_is_passed_over(browse: Any, notebook_job: dict[str, Any], nonsense: str) -> None:
    page = browse(f"/?view=look&model={notebook_job['id']}&{nonsense}")
    quiet(page)
    assert f"/v1/models/{notebook_job['id']}/layers/Conv1/filters.png?epoch=30" in shown(page)


@pytest.mark.parametrize(
    "spec", ["{nonsense", '{"epochs": "x", "tags": 3, "compile": null}', *map(in_full, ("null", "[]", "7"))]
)
def test_a_form_that_cannot_be_read_is_the_notebooks(browse: Any, spec: str) -> None:
    page = browse(f"/?view=train&spec={spec}")
    expect(page.get_by_text("155,606 parameters")).to_be_visible()
    expect(page.get_by_label("epochs")).to_have_value("30")


def test_back_and_forward_go_through_what_was_looked_at(browse: Any, notebook_job: dict[str, Any]) -> None:
    page = browse(f"/?view=look&model={notebook_job['id']}&epoch=4&layer=Conv1")
    quiet(page)
    page.get_by_role("button", name=re.compile("^Conv2")).click()
    page.get_by_role("link", name="Compare").click()
    quiet(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Conv2", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Conv1", exact=True)).to_be_visible()
    expect(page.locator(".epoch-text")).to_have_text("epoch 4 of 30")
    page.go_forward()
    expect(page.get_by_role("heading", name="Conv2", exact=True)).to_be_visible()
