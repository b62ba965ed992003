"""Looking inside a model on the page: what it shows is what the API says, and it never flickers."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from page_tools import quiet, shown


@pytest.fixture
def place(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


@pytest.fixture
def address(notebook_job: dict[str, Any]) -> str:
    return f"/?view=look&model={notebook_job['id']}"


def has(text: str, page: Page) -> None:
    """The address says so, at the latest a quarter of a second after what is shown."""
    expect(page).to_have_url(re.compile(re.escape(text)))


def pixels(page: Page, selector: str) -> np.ndarray[Any, Any]:
    """The pixels of an <img> as the browser has decoded them, (H, W, 3)."""
    url = page.evaluate(
        """selector => {
          const image = document.querySelector(selector);
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          canvas.getContext('2d').drawImage(image, 0, 0);
          return canvas.toDataURL('image/png');
        }""",
        selector,
    )
    picture = Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1])))
    return np.asarray(picture.convert("RGB"))


def test_every_epoch_that_the_slider_passes_is_shown_and_nothing_flickers_or_jumps(
    browse: Any, client: httpx.Client, address: str, place: str, watcher: Any
) -> None:
    page = browse(f"{address}&epoch=0&layer=Conv1")
    quiet(page)
    # At every frame that is drawn: is a picture there, and has anything moved?
    page.evaluate(
        """() => {
          window.blanks = 0; window.tops = new Set(); window.seen = [];
          const part = document.querySelector('.layer-panel');
          const look = () => {
            const image = part.querySelector('.frame img');
            if (image.hidden || !image.complete || !image.naturalWidth) window.blanks++;
            const path = image.getAttribute('src');
            if (window.seen.at(-1) !== path) window.seen.push(path);
            const parts = [...document.querySelectorAll('.panel, .layer')];
            window.tops.add(parts.map(one => Math.round(one.getBoundingClientRect().top + scrollY)).join());
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    # Moved by hand, each epoch looked at before the next.
    page.evaluate(
        """async place => {
          const slider = document.querySelector('.epoch-bar input');
          for (let epoch = 1; epoch <= 30; epoch++) {
            slider.value = epoch;
            slider.dispatchEvent(new Event('input'));
            const path = `${place}/layers/Conv1/filters.png?epoch=${epoch}`;
            while (window.seen.at(-1) !== path) await new Promise(requestAnimationFrame);
          }
        }""",
        place,
    )
    quiet(page)
    assert page.evaluate("blanks") == 0
    assert page.evaluate("tops.size") == 1, "something moved"
    assert [int(path.split("=")[-1]) for path in page.evaluate("seen")] == list(range(31))
    expect(page.locator(".epoch-text")).to_have_text("epoch 30 of 30")
    picture = Image.open(io.BytesIO(client.get(f"{place}/layers/Conv1/filters.png?epoch=30").content)).convert("RGB")
    np.testing.assert_array_equal(pixels(page, ".layer-panel .frame img"), np.asarray(picture))

    # Back again: each is still there, and nothing is asked for twice.
    asked = len(watcher.requests)
    page.get_by_role("slider", name="epoch").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".epoch-text")).to_have_text("epoch 20 of 30")
    quiet(page)
    again = [url for url in watcher.requests[asked:] if "/layers/Conv1/filters.png" in url]
    assert again == []


def test_playing_passes_no_epoch_over(browse: Any, address: str) -> None:
    page = browse(f"{address}&epoch=24&layer=Conv1")
    quiet(page)
    page.evaluate(
        """() => {
          window.seen = [];
          const figure = document.querySelector('.layer-panel figure');
          figure.addEventListener('shown', event => window.seen.push(event.detail.path));
        }"""
    )
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".epoch-text")).to_have_text("epoch 30 of 30")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    quiet(page)
    assert [int(path.split("=")[-1]) for path in page.evaluate("seen")] == list(range(25, 31))


def test_a_filter_pointed_at_shows_its_numbers_its_feature_map_and_what_moves_it(
    browse: Any, client: httpx.Client, address: str, place: str
) -> None:
    page = browse(f"{address}&epoch=30&layer=Conv1&image=mnist:test:1")
    quiet(page)
    page.get_by_role("button", name="filter 7", exact=True).hover()
    expect(page.get_by_role("heading", name="Filter 7 of Conv1")).to_be_visible()
    array = np.load(io.BytesIO(client.get(f"{place}/layers/Conv1/filters.npy?epoch=30&start=7&count=1").content))[0]
    cells = page.locator("table.kernel td")
    expect(cells).to_have_count(25)
    told = np.array([float(text) for text in cells.all_inner_texts()]).reshape(5, 5)
    np.testing.assert_allclose(told, array, atol=6e-4)
    quiet(page)
    card = [path for path in shown(page) if "start=7" in path or "filter=7" in path]
    assert card == [
        f"{place}/layers/Conv1/filters.png?start=7&count=1&epoch=30",
        f"{place}/layers/Conv1/activations.png?image=mnist:test:1&start=7&count=1&epoch=30",
        f"{place}/layers/Conv1/top_images.png?filter=7&epoch=30",
    ]
    # Another is kept by clicking on it, when the mouse has left.
    page.get_by_role("button", name="feature map 9", exact=True).click()
    page.mouse.move(5, 5)
    expect(page.get_by_role("heading", name="Filter 9 of Conv1")).to_be_visible()
    has("filter=9", page)


def test_all_layers_are_in_a_strip_with_shape_and_formula(
    browse: Any, client: httpx.Client, address: str, place: str
) -> None:
    page = browse(address)
    quiet(page)
    summary = client.get(place).json()
    cards = page.locator("ol.strip .layer").all_inner_texts()
    assert [card.split("\n")[0] for card in cards] == ["Input", *(layer["name"] for layer in summary["layers"])]
    for card, layer in zip(cards[1:], summary["layers"], strict=True):
        assert "×".join(map(str, layer["output_shape"])) in card
        assert (layer["formula"] if layer["params"] else "no parameters") in card
    page.get_by_role("button", name=re.compile("^MaxPool1")).click()
    expect(page.get_by_role("heading", name="MaxPool1")).to_be_visible()
    expect(page.get_by_role("heading", name="Filters", exact=True)).to_be_hidden()
    has("layer=MaxPool1", page)


def test_probabilities_are_those_of_the_api_at_the_epoch_shown(
    browse: Any, client: httpx.Client, address: str, place: str
) -> None:
    page = browse(f"{address}&epoch=5&image=mnist:test:3")
    told = client.get(f"{place}/predictions.json?image=mnist:test:3&epoch=5").json()
    expect(page.locator(".input-panel .verdict")).to_contain_text(f"says {told['top'][0]['name']}")
    values = page.locator(".input-panel .bars .value").all_inner_texts()
    assert values == [f"{value:.3f}" for value in told["probabilities"]]
    # A class is chosen for the attributions by its bar.
    page.locator(".input-panel .bars button").nth(4).click()
    quiet(page)
    assert f"{place}/attributions/gradient.png?image=mnist:test:3&epoch=5&class=4" in shown(page)


def test_test_images_are_browsed_by_class_and_by_what_the_model_gets_wrong(
    browse: Any, client: httpx.Client, address: str, place: str
) -> None:
    page = browse(f"{address}&epoch=30")
    quiet(page)
    page.locator(".picker").get_by_label("class").select_option(label="4")
    fours = client.get("/v1/datasets/mnist/test/images.json?class=4&rows=4&cols=6").json()
    expect(page.locator(".pager")).to_contain_text(f"1–24 of {fours['total']}")
    page.locator(".picker .tile").nth(2).click()
    has(f"image={fours['items'][2]['image']}", page)
    page.get_by_role("tab", name="Mistakes").click()
    mistakes = client.get(f"{place}/evaluation.json?epoch=30&limit=20").json()["mistakes"]
    expect(page.locator(".picker .tile")).to_have_count(len(mistakes))
    page.locator(".picker .tile").nth(1).click()
    has(f"image={mistakes[1]['image']}", page)
    expect(page.locator(".input-panel .verdict")).to_contain_text(f"wrong, it is {mistakes[1]['label_name']}")


def test_a_digit_that_is_drawn_is_recognised(browse: Any, client: httpx.Client, address: str, place: str) -> None:
    page = browse(f"{address}&epoch=30&pick=draw")
    pad = page.locator("canvas.pad").bounding_box()
    assert pad is not None
    middle = pad["x"] + pad["width"] / 2
    page.mouse.move(middle + 8, pad["y"] + 45)
    page.mouse.down()
    page.mouse.move(middle, pad["y"] + 130, steps=5)
    page.mouse.move(middle - 8, pad["y"] + 235, steps=5)
    page.mouse.up()
    expect(page.locator(".input-panel figcaption").first).to_contain_text("your picture")
    reference = re.search(r"image=(upload:[0-9a-f]{64})", page.url)
    assert reference is not None, page.url
    told = client.get(f"{place}/predictions.json", params={"image": reference[1], "epoch": 30}).json()
    assert told["top"][0]["name"] == "1"
    expect(page.locator(".input-panel .verdict")).to_have_text("says 1")
    quiet(page)
    # What it makes of it is shown at every layer.
    for layer in ("Conv1", "Conv2", "FC2"):
        assert any(f"/layers/{layer}/activations.png" in path and reference[1] in path for path in shown(page))


def test_a_broken_file_is_refused_in_words_and_the_last_image_stays(
    browse: Any, client: httpx.Client, address: str
) -> None:
    page = browse(f"{address}&epoch=30&image=mnist:test:2&pick=file")
    quiet(page)
    before = shown(page)
    broken = b"\x89PNG\r\n\x1a\n this is no picture"
    page.evaluate(
        """bytes => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], 'broken.png', { type: 'image/png' }));
          const drop = new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
          document.querySelector('.picker').dispatchEvent(drop);
        }""",
        list(broken),
    )
    answer = client.post("/v1/images", files={"file": ("broken.png", broken, "image/png")})
    assert answer.status_code == 422
    expect(page.get_by_role("alert")).to_have_text(f"broken.png: {answer.json()['detail']}")
    assert shown(page) == before
    has("image=mnist:test:2", page)


def test_a_view_that_is_sent_to_somebody_is_the_same_there(browse: Any, address: str) -> None:
    page = browse(f"{address}&epoch=7&layer=Conv2")
    quiet(page)
    page.get_by_label("input channel").select_option("3")
    page.get_by_label("colours").select_option("viridis")
    page.get_by_role("button", name="filter 11", exact=True).click()
    page.locator(".input-panel .bars button").nth(3).click()
    page.get_by_role("tab", name="Mistakes").click()
    page.get_by_text("Judged on the test images").click()
    page.locator(".picker .tile").first.click()
    page.get_by_role("button", name="one epoch on").click()
    expect(page.locator(".epoch-text")).to_have_text("epoch 8 of 30")
    quiet(page)
    page.wait_for_timeout(400)  # the address follows the slider at most four times a second
    other = browse(page.url)
    quiet(other)
    page.mouse.move(5, 5)
    quiet(page)
    assert sorted(shown(other)) == sorted(shown(page))
    assert (
        other.locator("[aria-pressed=true]").all_inner_texts() == page.locator("[aria-pressed=true]").all_inner_texts()
    )
    other.reload()
    quiet(other)
    assert sorted(shown(other)) == sorted(shown(page))


def test_every_picture_has_its_address_at_hand(browse: Any, client: httpx.Client, address: str, place: str) -> None:
    page = browse(f"{address}&epoch=3&layer=Conv1", permissions=["clipboard-read", "clipboard-write"])
    quiet(page)
    figures = page.locator("figure.picture:visible")
    for n in range(figures.count()):
        path = figures.nth(n).get_by_role("link", name="open").get_attribute("href")
        assert client.get(path).status_code == 200
    panel = page.locator(".layer-panel figure").first
    panel.get_by_role("button", name="copy a curl command").click()
    command = page.evaluate("navigator.clipboard.readText()")
    assert command == f"curl -sS '{client.base_url}{place}/layers/Conv1/filters.png?epoch=3' -o filters.png".replace(
        "//v1", "/v1"
    )


def test_all_of_it_can_be_done_by_keyboard(browse: Any, address: str) -> None:
    page = browse(f"{address}&epoch=2&layer=Conv1&image=mnist:test:5")
    quiet(page)
    text = page.locator(".epoch-text")
    for key, said in (("ArrowRight", "epoch 3 of 30"), ("End", "epoch 30 of 30"), ("Home", "before training of 30")):
        page.keyboard.press(key)
        expect(text).to_have_text(said)
    page.keyboard.press("]")
    expect(page.get_by_role("heading", name="MaxPool1")).to_be_visible()
    page.keyboard.press("[")
    page.keyboard.press(".")
    expect(page.locator(".input-panel figcaption").first).to_contain_text("mnist:test:6")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    # Into the filters, from one to the next, and one is kept.
    page.locator(".layer-panel .tile").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="Filter 9 of Conv1")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="filter 9", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(text).to_have_text("before training of 30")


def test_a_dot_is_a_stroke_and_another_model_is_looked_at_with_the_same_image_and_layer(
    browse: Any, client: httpx.Client, address: str, other: str
) -> None:
    page = browse(f"{address}&epoch=3&layer=Conv2&image=mnist:test:4&pick=draw")
    quiet(page)
    page.locator(".model-choice select").select_option(other)
    has(f"model={other}", page)
    has("layer=Conv2", page)
    has("image=mnist:test:4", page)
    expect(page.locator(".epoch-text")).to_have_text("epoch 3 of 3")
    page.locator("canvas.pad").click()
    expect(page.locator(".input-panel figcaption").first).to_contain_text("your picture")
    middle = page.evaluate("document.querySelector('.pad').getContext('2d').getImageData(140, 140, 1, 1).data[0]")
    assert middle == 255


def test_a_picture_that_was_taken_away_while_it_was_loaded_can_be_shown_again(
    browse: Any, address: str, place: str
) -> None:
    page = browse(address)
    quiet(page)
    page.route("**/filters.png?epoch=7&**", lambda _: None)  # which is never answered
    filters = f"{place}/layers/Conv1/filters.png"
    page.evaluate(
        """async filters => {
          const { src } = document.querySelector('script[type=module]');
          const { Picture } = await import(src.replace('main', 'picture'));
          const picture = new Picture({ className: 'again' });
          document.body.append(picture.element);
          picture.show(`${filters}?epoch=7&scale=3`);
          picture.clear();
          picture.show(`${filters}?epoch=8&scale=3`);
        }""",
        filters,
    )
    frame = page.locator(".again .frame")
    expect(frame).to_have_attribute("data-path", f"{filters}?epoch=8&scale=3")
    expect(frame).not_to_have_attribute("aria-busy", "true")
