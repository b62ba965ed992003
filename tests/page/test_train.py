"""A network is trained from the page, and watched while it learns."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

from page_tools import quiet

# Epochs of half a second: long enough to be seen.
EPOCHS = 8


def test_a_network_is_trained_from_the_page_and_grows_before_ones_eyes(
    browse: Any, client: httpx.Client, other: str
) -> None:
    page = browse("/?view=train")
    expect(page.get_by_role("img", name="36 images of mnist")).to_be_visible()
    expect(page.get_by_text("155,606 parameters")).to_be_visible()
    # What the form begins with is the notebook's.
    _expect_request(page, {"epochs": 30, "train_samples": 6000, "batch_size": 64, "architecture": "cnn"})
    page.get_by_label("epochs").fill(str(EPOCHS))
    page.get_by_label("training images").fill("1000")
    page.get_by_label("test images").fill("200")
    page.get_by_label("tags").fill("page, watched")
    page.evaluate(_WATCH)
    page.get_by_role("button", name="Start training").click()
    watched = page.get_by_role("region", name="the chosen job")
    expect(watched).to_contain_text(f"done, epoch {EPOCHS} of {EPOCHS}")
    id = re.search(r"model=([0-9a-f-]{36})", page.url)
    assert id is not None, page.url
    job = client.get(f"/v1/jobs/{id[1]}").json()
    assert job["status"] == "succeeded"
    assert (job["epochs"], job["spec"]["train_samples"], job["spec"]["tags"]) == (EPOCHS, 1000, ["page", "watched"])
    # It was seen to grow: bars that filled, curves that got longer, filters that changed.
    quiet(page)
    page.wait_for_function(f"() => window.lengths.at(-1) === {EPOCHS}")
    assert len(set(page.evaluate("filled"))) > 3
    lengths = page.evaluate("lengths")
    assert lengths == sorted(lengths)
    assert len(lengths) > 3
    epochs = page.evaluate("drawn")
    assert epochs == sorted(epochs)
    assert len(epochs) > 3
    assert epochs[-1] == EPOCHS
    accuracy = client.get(f"/v1/models/{job['id']}/history.json").json()["history"]["val_categorical_accuracy"][-1]
    expect(watched.locator(".curve-values").last).to_contain_text(f"epoch {EPOCHS}: ")
    expect(watched.locator(".curve-values").last).to_contain_text(f"validation {float(f'{accuracy:.3g}')}")
    # Deleted here, it is said to be so in another window, which offers the newest that there is.
    window = page.context.new_page()
    window.goto(f"/?view=look&model={job['id']}")
    quiet(window)
    named = f"cnn on mnist · {EPOCHS} epochs · {100 * accuracy:.1f} % right · page · watched"
    expect(window.get_by_role("option", name=named)).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(window.get_by_role("status").filter(has_text="This model was deleted.")).to_be_visible()
    window.get_by_role("link", name="Look at the newest").click()
    quiet(window)
    assert job["id"] not in window.url


def test_what_is_wrong_is_said_beside_it_in_the_words_of_the_api(browse: Any, client: httpx.Client) -> None:
    page = browse("/?view=train")
    expect(page.get_by_text("155,606 parameters")).to_be_visible()
    # While one types, before anything is sent.
    typed = {"epochs": "0", "training images": "1.5", "batch size": "", "learning rate": "", "tags": "a b"}
    for label, text in typed.items():
        page.get_by_label(label).fill(text)
    expect(page.get_by_label("tags")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("tags")).to_be_focused()
    spec = _request(page)
    for error in client.post("/v1/jobs", json=spec).json()["errors"]:
        name = error["pointer"].removesuffix("/0").split("/")[-1]
        expect(page.locator(f"#error-{name}")).to_have_text(error["detail"])
    expect(page.locator(".settings .error:visible")).to_have_count(len(typed))
    spec = {"dataset": "mnist", "train_samples": 60001}
    page.get_by_label("training images").fill("60001")
    expect(page.locator("#error-train_samples")).to_have_text(client.post("/v1/jobs", json=spec).json()["detail"])
    # What the page cannot know is said when it is sent.
    for label, text in zip(typed, ["1001", "100", "64", "0.1", ""], strict=True):
        page.get_by_label(label).fill(text)
    expect(page.locator(".settings .error:visible")).to_have_count(0)
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("#error-epochs")).to_contain_text("CNNSERVICE_MAX_EPOCHS")
    expect(page.get_by_label("epochs")).to_be_focused()
    expect(page).to_have_url(re.compile("view=train"))


def test_layers_are_edited_and_judged_while_one_types(browse: Any, client: httpx.Client) -> None:
    page = browse("/?view=train")
    page.get_by_role("button", name="Edit the layers").click()
    first = page.locator(".layer-row").first
    first.get_by_text("Conv1").click()
    first.get_by_label("kernel size").fill("7")
    expect(first.locator(".told")).to_contain_text("7*7*1*32+32 = 1,600")
    first.get_by_label("kernel initializer").select_option("he_normal")
    first.get_by_label("filters").fill("0")
    expect(first.locator(".told")).to_contain_text("filters Input should be greater than or equal to 1")
    first.get_by_label("filters").fill("8")
    page.get_by_label("kind of the new layer").select_option("dropout")
    page.get_by_role("button", name="Add a layer").click()
    page.get_by_role("button", name="remove Conv2").click()
    expect(page.locator(".layer-row")).to_have_count(7)
    spec = _request(page)
    layers = spec["architecture"]["layers"]
    assert [layer["type"] for layer in layers] == [
        "conv2d", "max_pooling2d", "max_pooling2d", "flatten", "dense", "dropout", "dense",
    ]  # fmt: skip
    assert (layers[0]["kernel_size"], layers[0]["filters"], layers[0]["kernel_initializer"]) == (7, 8, "he_normal")
    summary = client.post(
        "/v1/architectures/validate", json={key: spec[key] for key in ("dataset", "architecture")}
    ).json()
    expect(page.get_by_role("region", name="summary")).to_contain_text(f"{summary['params']:,} parameters")
    expect(page.get_by_role("region", name="summary")).to_contain_text("sigmoid")
    # The form is in its address, too.
    page.wait_for_timeout(400)
    other = browse(page.url)
    expect(other.locator(".layer-row")).to_have_count(7)
    assert _request(other) == spec


def test_nothing_can_be_pressed_before_there_is_something_to_choose_from(browse: Any) -> None:
    page = browse("/?view=watch")
    held: list[Route] = []
    page.route("**/v1/architectures", lambda route: held.append(route))
    with page.expect_request("**/v1/architectures"):
        page.get_by_role("link", name="Train").click()
    edit = page.get_by_role("button", name="Edit the layers")
    start = page.get_by_role("button", name="Start training")
    expect(edit).to_be_disabled()
    expect(start).to_be_disabled()
    held[0].continue_()
    expect(start).to_be_enabled()
    edit.click()
    expect(page.locator(".layer-row").first).to_contain_text("Conv1")


def _expect_errors(page: Page, client: httpx.Client) -> None:
    answer = client.post("/v1/jobs", json=_request(page)).json()
    told = {error["pointer"].removesuffix("/0").split("/")[-1]: error["detail"] for error in answer["errors"]}
    for name, detail in told.items():
        expect(page.locator(f"#error-{name}")).to_have_text(detail)
    expect(page.locator(".settings .error:visible")).to_have_count(len(told))


def _request(page: Page) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(page.locator("pre").text_content().split("\n", 1)[1])  # type: ignore[union-attr]
    return spec


def _expect_request(page: Page, wanted: dict[str, Any]) -> None:
    spec = _request(page)
    assert {key: spec[key] for key in wanted} == wanted


# How full the bar was, how long the curve, and of which epoch the filters, whenever one of them changed.
_WATCH = """() => {
  Object.assign(window, { filled: [], lengths: [], drawn: [] });
  const note = (list, value) => { if (value !== undefined && list.at(-1) !== value) list.push(value); };
  const look = () => {
    note(window.filled, document.querySelector('.watched progress')?.value);
    const curve = document.querySelector('.watched .curve.training')?.getAttribute('points').split(' ').length;
    note(window.lengths, curve);
    const path = document.querySelector('.watched .frame')?.dataset.path;
    note(window.drawn, path && Number(path.match(/epoch=(\\d+)/)[1]));
    requestAnimationFrame(look);
  };
  look();
}"""
