"""The API dies while somebody looks at the page: it says so, and goes on by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from live import Stack, wait_until
from page_tools import Watcher, open_pages, quiet, shown
from witness import DELICATE, post


@pytest.fixture
def job(client: httpx.Client) -> Iterator[str]:
    """A job that takes longer than the test, unless the test cancels it."""
    job = post(client, {**DELICATE, "epochs": 500})
    yield job
    client.post(f"/v1/jobs/{job}/cancel")


def test_a_page_says_that_the_api_is_away_and_recovers(
    stack: Stack, client: httpx.Client, chromium: Browser, job: str
) -> None:
    watcher = Watcher(stack.url)
    with open_pages(chromium, watcher) as browse:
        watching, looking = browse(f"/?view=watch&model={job}"), browse(f"/?view=look&model={job}")
        expect(watching.locator(".curve.training").first).to_be_visible()
        # It is never quiet: a new epoch comes before all pictures of the last are there.
        expect(looking.locator(".layer-panel .frame[data-path]").first).to_be_visible()
        kept = shown(looking)
        for page in (watching, looking):
            page.evaluate(
                """() => {
                  window.said = [];
                  const banner = document.getElementById('connection');
                  new MutationObserver(() => banner.hidden || window.said.push(banner.textContent))
                    .observe(banner, { attributes: true, childList: true });
                }"""
            )
        (api,) = stack.pids("api")
        os.kill(api, signal.SIGKILL)
        for page in (watching, looking):
            page.wait_for_function("() => window.said.length > 0")
            assert "The service does not answer" in page.evaluate("said[0]")
        assert len(shown(looking)) >= len(kept), "what was there before is still shown"
        wait_until(lambda: stack.pids("api") not in ([], [api]), "another process of the API")
        for page in (watching, looking):
            expect(page.locator("#connection")).to_be_hidden()
        # Both follow the training again: none of its epochs is missing, none there twice.
        done = client.get(f"/v1/jobs/{job}").json()["epochs_done"]
        for page in (watching, looking):
            page.wait_for_function(
                "done => document.querySelector('.curve.training').getAttribute('points').split(' ').length > done",
                arg=done,
            )
        assert client.post(f"/v1/jobs/{job}/cancel").status_code == 202
        expect(watching.get_by_role("region", name="the chosen job")).to_contain_text("cancelled, epoch")
        done = client.get(f"/v1/jobs/{job}").json()["epochs_done"]
        expect(looking.locator(".epoch-text")).to_have_text(f"epoch {done} of {done}")
        quiet(looking)
        assert any(f"epoch={done}" in path for path in shown(looking))
        points = watching.locator(".curve.training").first.get_attribute("points")
        assert points is not None
        assert len(points.split(" ")) == done
    assert watcher.wrong == []
