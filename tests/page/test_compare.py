"""Two models, or one at two epochs, side by side."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from page_tools import quiet, shown


def texts(page: Page) -> list[str]:
    return page.locator(".epoch-text").all_inner_texts()


def test_two_models_move_together_when_linked(browse: Any, notebook_job: dict[str, Any], other: str) -> None:
    first = notebook_job["id"]
    page = browse(f"/?view=compare&model={first}&with={other}&epoch=1&with_epoch=1&layer=Conv1&image=mnist:test:0")
    quiet(page)
    left = page.get_by_role("region", name="left", exact=True)
    left.get_by_role("button", name="one epoch on").click()
    expect(page.locator(".epoch-text").last).to_have_text("epoch 2 of 3")
    assert texts(page) == ["epoch 2 of 30", "epoch 2 of 3"]
    quiet(page)
    for id in (first, other):
        assert f"/v1/models/{id}/layers/Conv1/filters.png?epoch=2" in shown(page)
        assert f"/v1/models/{id}/layers/Conv1/activations.png?image=mnist:test:0&epoch=2" in shown(page)
    # As far as there are epochs.
    left.get_by_role("slider").fill("20")
    expect(page.locator(".epoch-text").last).to_have_text("epoch 3 of 3")
    # Each by itself when not linked.
    page.get_by_label("move both sliders together").uncheck()
    left.get_by_role("slider").fill("10")
    expect(page.locator(".epoch-text").first).to_have_text("epoch 10 of 30")
    assert texts(page) == ["epoch 10 of 30", "epoch 3 of 3"]
    curves = page.get_by_role("region", name="curves")
    assert curves.locator(".curve").count() == 8, "training and validation, loss and accuracy, of two models"


def test_one_model_is_compared_with_itself_before_training(browse: Any, notebook_job: dict[str, Any]) -> None:
    page = browse(f"/?view=compare&model={notebook_job['id']}&layer=Conv2")
    quiet(page)
    assert texts(page) == ["before training of 30", "epoch 30 of 30"]
    place = f"/v1/models/{notebook_job['id']}"
    assert f"{place}/layers/Conv2/filters.png?epoch=0" in shown(page)
    assert f"{place}/layers/Conv2/filters.png?epoch=30" in shown(page)
    page.get_by_text("How alike their layers are").click()
    quiet(page)
    assert f"{place}/similarity.png?epoch=0&with={notebook_job['id']}&with_epoch=30" in shown(page)
