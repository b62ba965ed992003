"""A sweep: its trials by rank, their curves, and starting one."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect


def rows(page: Page) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in page.locator(".trials tbody tr").all()]


def test_trials_stand_by_rank_with_their_curves(browse: Any, swept: dict[str, Any]) -> None:
    page = browse(f"/?view=sweep&sweep={swept['id']}")
    expect(page.get_by_role("table")).to_be_visible()
    found = rows(page)
    ranked = sorted(swept["trials"], key=lambda trial: trial["rank"])
    assert [row[1] for row in found] == [f"#{trial['number']}" for trial in ranked]
    assert [row[3] for row in found] == ["succeeded", "succeeded", "stopped at rung 0", "stopped at rung 0"]
    assert [row[4] for row in found] == ["2 of 2", "2 of 2", "1 of 1", "1 of 1"]
    assert [float(row[5]) for row in found] == [float(f"{trial['best']['value']:.3g}") for trial in ranked]
    expect(page.get_by_text("rungs: 4 to epoch 1 → 2 to epoch 2")).to_be_visible()
    assert page.get_by_role("region", name="curves").locator(".curve").count() == 4
    page.get_by_role("link", name=f"Look inside trial {swept['best']}").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Look")).to_have_attribute("aria-current", "page")
    assert f"model={ranked[0]['model_id']}" in page.url


def test_one_is_started_from_the_form_and_followed_to_its_end(browse: Any) -> None:
    base = {"dataset": "mnist", "architecture": "mlp", "epochs": 1, "train_samples": 64, "test_samples": 32}
    page = browse(f"/?view=train&spec={json.dumps(base)}")
    page.get_by_role("link", name="Sweep over its settings").click()
    stated = json.loads(page.get_by_label("the job in common, as JSON").input_value())
    assert {name: stated[name] for name in base} == base
    page.get_by_label("halving").select_option("none")
    page.get_by_label("values").fill("[0.1, -1]")
    start = page.get_by_role("button", name="Start the sweep")
    start.click()
    expect(page.get_by_role("alert").filter(has_text="Trial 1, with")).to_be_visible()
    page.get_by_label("values").fill("[0.1, 0.01]")
    start.click()
    expect(page.locator(".sweep-status")).to_contain_text("succeeded · 2 trials: 2 succeeded")
    assert "spec=" not in page.url
    assert len(rows(page)) == 2


def test_a_sweep_that_there_is_not_is_said(browse: Any) -> None:
    page = browse("/?view=sweep&sweep=nothing")
    expect(page.get_by_role("status").filter(has_text="There is no sweep 'nothing'")).to_be_visible()
