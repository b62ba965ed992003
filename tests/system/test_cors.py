"""A page of another origin in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from live import Stack


@pytest.fixture
def page(chromium: Browser, other_origin: str) -> Iterator[Page]:
    """A blank page of an origin whose pages may read."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(other_origin)
        yield page


def test_a_script_reads_answers_tags_and_errors(page: Page, stack: Stack, notebook_job: dict[str, Any]) -> None:
    told = page.evaluate(
        """async ([api, id]) => {
          const url = `${api}/v1/models/${id}/history.json?epoch=30`;
          const first = await fetch(url);
          const tag = first.headers.get("ETag");
          const history = (await first.json()).history;
          const again = await fetch(url, {headers: {"If-None-Match": tag}, cache: "no-store"});
          const job = await fetch(`${api}/v1/jobs`, {
            method: "POST",
            headers: {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()},
            body: JSON.stringify({dataset: "mnist", epochs: 1, train_samples: 64, test_samples: 8}),
          });
          const unknown = await fetch(`${api}/v1/jobs/nope`);
          const large = await fetch(`${api}/v1/jobs`, {method: "POST", body: "x".repeat(2 ** 20 + 1)});
          const file = await fetch(`${api}/v1/models/${id}/export?format=safetensors`, {method: "HEAD"});
          const removed = await fetch(`${api}/v1/jobs/nope`, {method: "DELETE"});
          return {
            tag, epochs: history.val_loss.length, again: again.status, tagAgain: again.headers.get("ETag"),
            place: job.headers.get("Location"), id: (await job.json()).id, unknown: (await unknown.json()).type,
            large: (await large.json()).type, name: file.headers.get("Content-Disposition"), removed: removed.status,
          };
        }""",
        [stack.url, notebook_job["id"]],
    )
    assert told["tag"].endswith('-gzip"')
    assert (told["epochs"], told["again"], told["tagAgain"]) == (30, 304, told["tag"])
    assert told["place"] == f"/v1/jobs/{told['id']}"
    assert (told["unknown"], told["removed"]) == ("/problems/unknown-job", 404)
    assert told["large"] == "/problems/body-too-large"
    assert f"{notebook_job['id']}-epoch-00030.safetensors" in told["name"]


def test_a_picture_kept_for_ever_by_an_img_can_be_read_by_a_script_later(
    page: Page, stack: Stack, notebook_job: dict[str, Any]
) -> None:
    url = f"{stack.url}/v1/models/{notebook_job['id']}/layers/Conv1/filters.png?epoch=7"
    told = page.evaluate(
        """async (url) => {
          const shown = new Image();
          shown.src = url;               // asked for without an Origin, kept as immutable
          await shown.decode();
          const bytes = (await (await fetch(url)).arrayBuffer()).byteLength;
          const read = new Image();
          read.crossOrigin = "anonymous";
          read.src = url;
          await read.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [read.naturalWidth, read.naturalHeight];
          const context = canvas.getContext("2d");
          context.drawImage(read, 0, 0);
          const colours = new Set(context.getImageData(0, 0, canvas.width, canvas.height).data);
          return {bytes, colours: colours.size, width: shown.naturalWidth};
        }""",
        url,
    )
    assert told["bytes"] == len(httpx.get(url).content)
    assert told["colours"] > 100
    assert told["width"] > 0


def test_an_event_source_opens_a_stream_with_a_ticket_and_goes_on_where_it_was(
    page: Page, stack: Stack, notebook_job: dict[str, Any]
) -> None:
    told = page.evaluate(
        """async ([api, id]) => {
          const answer = await fetch(`${api}/v1/tickets`, {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({path: `/v1/jobs/${id}/events`}),
          });
          const {url} = await answer.json();
          const follow = (address, until) => new Promise((resolve, reject) => {
            const source = new EventSource(address), epochs = [];
            const stop = (outcome) => { source.close(); resolve(outcome); };
            source.addEventListener("epoch", (event) => {
              epochs.push(JSON.parse(event.data).epoch);
              if (epochs.length === until) stop({epochs, last: event.lastEventId});
            });
            source.addEventListener("end", (event) => stop({epochs, end: JSON.parse(event.data).status}));
            source.onerror = () => stop({refused: source.readyState === EventSource.CLOSED});
          });
          const first = await follow(api + url, 10);
          const rest = await follow(`${api}${url}&last_event_id=${first.last}`);
          return {first, rest, stranger: await follow(`${api}/v1/jobs/${id}/events?ticket=none`)};
        }""",
        [stack.url, notebook_job["id"]],
    )
    assert told["first"]["epochs"] == list(range(1, 11))
    assert told["rest"] == {"epochs": list(range(11, 31)), "end": "succeeded"}
    assert told["stranger"] == {"refused": True}


def test_a_page_of_an_origin_that_is_not_named_reads_nothing(
    chromium: Browser, stack: Stack, other_origin: str
) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(other_origin.replace("127.0.0.1", "localhost"))
        tried = "(url) => fetch(url).then(() => 'read', (error) => error.name)"
        assert page.evaluate(tried, f"{stack.url}/healthz") == "TypeError"
