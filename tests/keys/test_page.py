"""The inspector where keys are wanted: asked for once, and never in an address."""

from __future__ import annotations

import httpx
from playwright.sync_api import Browser, expect

from live import Stack
from page_tools import Watcher, open_pages, quiet

from .conftest import SPEC, Owner


def test_the_page_asks_for_a_key_and_shows_with_it_what_its_owner_has(
    chromium: Browser, stack: Stack, alice: Owner
) -> None:
    watcher = Watcher(stack.url)
    look = f"/?view=look&model={alice.made['model_id']}&layer=FC1"
    with open_pages(chromium, watcher) as browse:
        page = browse(look)
        dialog = page.get_by_role("dialog", name="API key")
        expect(dialog).to_be_visible()
        # Closed, it can be had again.
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Give a key").click()
        dialog.get_by_label("Key", exact=True).fill("cnn_000000000000_" + "A" * 43)
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog.get_by_role("alert")).to_contain_text("not known, or was revoked")
        dialog.get_by_label("Key", exact=True).fill(alice.key)
        dialog.get_by_role("button", name="Use it").click()
        expect(page.get_by_role("button", name="alice (train)")).to_be_visible()
        # The pictures, which no script asks for, are there.
        expect(page.locator(".frame img:visible").first).to_be_visible()
        quiet(page)
        loaded = page.evaluate("() => [...document.querySelectorAll('.frame img')].filter(i => i.naturalWidth).length")
        assert loaded > 0
        (cookie,) = page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("cnnservice_session", True, "Strict")
        # A job that is posted now is followed by a ticket.
        job = alice.client.post("/v1/jobs", json={**SPEC, "epochs": 4}).json()["id"]
        page.goto(f"/?view=watch&model={job}")
        expect(page.get_by_text("succeeded").first).to_be_visible()
        page.get_by_role("button", name="alice (train)").click()
        dialog.get_by_role("button", name="Forget it").click()
        expect(dialog).to_be_visible()
        expect(page.get_by_role("button", name="alice (train)")).to_be_hidden()
    assert watcher.wrong == []
    secret = alice.key.split("_", 2)[2]
    assert not [url for url in watcher.requests if secret in url]
    assert httpx.get(f"{stack.url}/v1/jobs").status_code == 401
