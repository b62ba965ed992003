"""The recipes of docs/frontend.md, each run in Chromium on a page of another origin, as it stands there.

`pytest tests/system/test_frontend_recipes.py --rewrite-pictures` takes the pictures anew.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from live import Stack

PAGE = Path(__file__).parents[2] / "docs" / "frontend.md"
# Nothing here depends on which fonts a machine has, so that a picture has the same size everywhere.
STYLE = """
body { width: 640px; margin: 0; padding: 16px; box-sizing: border-box; font: 14px/20px sans-serif; background: white;
       white-space: nowrap }
body > * { display: block; margin: 0 0 8px; width: max-content; max-width: 100% }
progress, input { width: 400px }
meter { width: 300px }
"""
TEXT = PAGE.read_text()
INTRODUCTION, *RECIPES = re.split(r"^## ", TEXT, flags=re.MULTILINE)


def snippet(section: str) -> str:
    (code,) = re.findall(r"```js\n(.*?)```", section, flags=re.DOTALL)
    return code


@pytest.fixture
def page(chromium: Browser, other_origin: str) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": 640, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(other_origin)
        page.add_style_tag(content=STYLE)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert not faults


Run = Callable[[int], None]
Picture = Callable[[int], None]


@pytest.fixture
def run(page: Page, stack: Stack, notebook_job: dict[str, Any]) -> Run:
    """Runs a recipe to its end, for the stack's address and the notebook's model."""
    first, replaced = re.subn(r'(const API = )".*?"', rf'\1"{stack.url}"', snippet(INTRODUCTION))
    lines, replaced_too = re.subn(r'(const MODEL = )".*?"', rf'\1"{notebook_job["id"]}"', first)
    assert (replaced, replaced_too) == (1, 1)

    def run(number: int) -> None:
        code = f"{lines}\n{snippet(RECIPES[number - 1])}\nglobalThis.ended = true;"
        page.add_script_tag(content=code, type="module")
        page.wait_for_function("globalThis.ended")

    return run


@pytest.fixture
def picture(page: Page, pytestconfig: pytest.Config) -> Picture:
    """Takes a recipe's picture, or sees that the one there is has the size of what is shown."""

    def picture(number: int) -> None:
        (name,) = re.findall(r"^!\[.+\]\((.+)\)$", RECIPES[number - 1], flags=re.MULTILINE)
        shot, path = page.locator("body").screenshot(), PAGE.parent / name
        if pytestconfig.getoption("--rewrite-pictures"):
            path.parent.mkdir(exist_ok=True)
            Image.open(io.BytesIO(shot)).convert("RGB").quantize(64).save(path, optimize=True)
        with Image.open(path) as there, Image.open(io.BytesIO(shot)) as now:
            assert there.size == now.size, f"{name} is not of what is shown; see this file's docstring"

    return picture


def model(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


def picture_size(twin: dict[str, Any]) -> list[int]:
    """Of a grid, by what its twin says."""
    grid = twin["grid"]
    height, width = twin["slice_shape"]
    return [
        (grid["cols"] - 1) * grid["col_pitch"] + width * grid["scale"],
        (grid["rows"] - 1) * grid["row_pitch"] + height * grid["scale"],
    ]


def shown_size(page: Page, selector: str = "img") -> list[int]:
    size: list[int] = page.locator(selector).evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
    return size


def test_there_are_ten_recipes_with_a_request_a_snippet_and_a_picture() -> None:
    assert [recipe.split(".")[0] for recipe in RECIPES] == [str(number) for number in range(1, 11)]
    for recipe in RECIPES:
        assert snippet(recipe)
        assert re.search(r"^!\[.+\]\(images/frontend/\d+\.png\)$", recipe, flags=re.MULTILINE)


def test_1_samples(page: Page, run: Run, picture: Picture, client: httpx.Client) -> None:
    run(1)
    url = page.locator("img").get_attribute("src")
    with Image.open(io.BytesIO(client.get(str(url)).content)) as drawn:
        assert shown_size(page) == list(drawn.size)
        assert drawn.width > 12 * 2 * 28
    picture(1)


def test_2_a_job_is_started_once(page: Page, run: Run, picture: Picture, client: httpx.Client) -> None:
    before = {job["id"] for job in client.get("/v1/jobs?limit=200").json()["items"]}
    run(2)
    (new,) = {job["id"] for job in client.get("/v1/jobs?limit=200").json()["items"]} - before
    assert page.locator("#started").inner_text().endswith(f": /v1/jobs/{new}")
    assert page.get_by_text("sent twice, and one job").is_visible()
    picture(2)


def test_3_the_bar_goes_to_its_end_also_after_a_ticket_that_had_lapsed(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=401, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/events?ticket=*", refuse_once)
    run(3)
    page.get_by_text("succeeded").wait_for()
    history = client.get(f"{model(notebook_job)}/history.json").json()["history"]
    right = f"{100 * history['val_categorical_accuracy'][-1]:.1f}"
    assert page.locator("p").inner_text() == f"epoch 30 of 30, {right} % right, succeeded"
    assert (page.locator("progress").evaluate("(bar) => bar.value"), len(refused)) == (1, 1)
    picture(3)


def test_4_the_curves_are_those_of_the_last_epoch_in_the_end(
    page: Page, run: Run, picture: Picture, client: httpx.Client
) -> None:
    run(4)
    page.wait_for_function("document.querySelector('img').src.endsWith('history.svg?epoch=30')")
    page.locator("img").evaluate("(image) => image.decode()")
    svg = client.get(str(page.locator("img").get_attribute("src"))).text
    assert f'width="{shown_size(page)[0]}"' in svg
    picture(4)


def test_5_the_slider_shows_a_whole_picture_in_every_frame(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("epoch=")[-1].split("&")[0]))
    run(5)
    twin = client.get(f"{model(notebook_job)}/layers/Conv1/filters.json?cols=8&scale=12").json()
    assert shown_size(page) == picture_size(twin)
    picture(5)
    whole = page.evaluate(
        """async () => {
          const slider = document.querySelector("input"), image = document.querySelector("img"), whole = [];
          for (let epoch = 30; epoch >= 1; epoch--) {
            slider.value = epoch;
            slider.dispatchEvent(new Event("input"));
            await new Promise(requestAnimationFrame);
            whole.push(image.complete && image.naturalWidth > 0);
          }
          return whole;
        }"""
    )
    page.wait_for_function("document.querySelector('img').src.includes('epoch=1&')")
    assert whole == [True] * 30
    # Fetched before it is wanted.
    assert "0" in asked


def test_6_the_pointer_finds_its_map(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    run(6)
    query = {"image": "mnist:test:0", "scale": 2, "cols": 8}
    twin = client.get(f"{model(notebook_job)}/layers/Conv1/activations.json", params=query).json()
    assert shown_size(page) == picture_size(twin)
    grid = twin["grid"]
    x, y = 3 * grid["col_pitch"] + 20, 2 * grid["row_pitch"] + 20
    page.locator("img").hover(position={"x": x, "y": y})
    tile = 2 * 8 + 3
    assert page.locator("p").inner_text() == f"map {tile}, at most {twin['slices'][tile]['max']:.2f}"
    picture(6)


def test_7_a_dropped_file_is_asked_about(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    run(7)
    digit = base64.b64encode(client.get("/v1/datasets/mnist/test/1.png?scale=1").content).decode()
    dropped = page.evaluate_handle(
        """(digit) => {
          const bytes = Uint8Array.from(atob(digit), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "digit.png", {type: "image/png"}));
          return transfer;
        }""",
        digit,
    )
    page.get_by_text("drop a digit here").dispatch_event("drop", {"dataTransfer": dropped})
    page.locator("meter").nth(9).wait_for()
    expected = client.get(f"{model(notebook_job)}/predictions.json?image=mnist:test:1").json()["probabilities"]
    bars = page.locator("meter").evaluate_all("(meters) => meters.map((meter) => meter.value)")
    assert bars == pytest.approx(expected, abs=1e-6)
    picture(7)


def test_8_a_drawn_one_is_a_one(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    run(8)
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 108, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 94, box["y"] + 160, steps=10)
    page.mouse.up()
    page.get_by_text("it looks like").wait_for()
    drawn = page.locator("canvas").evaluate("(canvas) => canvas.toDataURL().split(',')[1]")
    file = ("digit.png", base64.b64decode(drawn), "image/png")
    top = client.post(f"{model(notebook_job)}/predictions", files={"file": file}).json()["top"][0]
    assert page.locator("p").inner_text() == f"it looks like {top['name']} ({100 * top['probability']:.0f} %)"
    assert top["name"] == "1"
    picture(8)


def test_9_the_heat_lies_on_the_image(
    page: Page, run: Run, picture: Picture, client: httpx.Client, notebook_job: dict[str, Any]
) -> None:
    run(9)
    path = f"{model(notebook_job)}/attributions/integrated_gradients.json"
    twin = client.get(path, params={"image": "mnist:test:0", "view": "map", "scale": 10}).json()
    assert shown_size(page, "img >> nth=0") == shown_size(page, "img >> nth=1") == picture_size(twin)
    places = page.locator("img").evaluate_all(
        "(images) => images.map((i) => JSON.stringify(i.getBoundingClientRect()))"
    )
    assert len(set(places)) == 1
    picture(9)
    page.locator("input").fill("0.3")
    assert page.locator("img").nth(1).evaluate("(heat) => heat.style.opacity") == "0.3"


def test_10_each_field_says_what_is_wrong_with_it(page: Page, run: Run, picture: Picture, client: httpx.Client) -> None:
    run(10)
    body = {"dataset": "mnist", "epochs": 0, "batch_size": "many"}
    errors = {error["pointer"]: error["detail"] for error in client.post("/v1/jobs", json=body).json()["errors"]}
    assert errors.keys() == {"/epochs", "/batch_size"}
    told = page.locator("p").all_inner_texts()
    assert told == [
        "dataset: mnist — fine",
        f"epochs: 0 — {errors['/epochs']}",
        f"batch_size: many — {errors['/batch_size']}",
        "asked again with its ETag: 304",
    ]
    picture(10)
