import re
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from cnnservice.drawing.animation import animation_html
from cnnservice.drawing.colormaps import UnknownColormap
from cnnservice.drawing.grid import draw_slices, layout
from cnnservice.drawing.normalize import Normalize

E, N, H, W = 5, 7, 3, 4
GROWTH = np.arange(1, E + 1, dtype=np.float32).reshape(E, 1, 1, 1)
FRAMES = (GROWTH * np.random.default_rng(0).normal(size=(E, N, H, W))).astype(np.float32)
PLAN = layout(N, H, W, cols=3, scale=4, gap=2)
NASTY = "</script><!--<script>alert(1)</script> {{facts}} \u2028 \"'&"

Open = Callable[..., Page]


def page_of(frames: NDArray[np.float32] = FRAMES, **changes: Any) -> bytes:
    count = len(frames)
    told: dict[str, Any] = {
        "epochs": range(count),
        "captions": [f"loss {1 / (1 + epoch):.2f} · val. accuracy 0.9{epoch}" for epoch in range(count)],
        "title": "conv2d · mnist",
        "indices": range(10, 10 + N),
        "layout": PLAN,
    }
    return animation_html(frames, **{**told, **changes})


def shown(page: Page) -> NDArray[np.uint8]:
    """The canvas's pixels, (height, width, 3)."""
    height, width, rgba = page.evaluate(
        "() => { const c = document.querySelector('canvas');"
        "return [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]; }"
    )
    return np.array(rgba, np.uint8).reshape(height, width, 4)[..., :3]


def still(frame: NDArray[np.float32], **options: Any) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(draw_slices(frame, PLAN, **options))).convert("RGB"))


def expect_epoch(page: Page, epoch: int, last: int = E - 1) -> None:
    expect(page.locator("#caption")).to_contain_text(f"epoch {epoch} of {last}")
    expect(page.locator("#slider")).to_have_value(str(epoch))


def test_every_frame_is_the_still_picture_of_its_epoch(open_page: Open) -> None:
    page = open_page(page_of())
    for epoch, frame in enumerate(FRAMES):
        expect_epoch(page, epoch)
        np.testing.assert_array_equal(shown(page), still(frame), err_msg=f"epoch {epoch}")
        page.get_by_label("one epoch on").click()


def test_one_frame_in_colour_is_the_still_picture_and_has_nothing_to_play(open_page: Open) -> None:
    page = open_page(page_of(FRAMES[:1], cmap="RdBu_r", normalize="symmetric"), motion="no-preference")
    np.testing.assert_array_equal(shown(page), still(FRAMES[0], cmap="RdBu_r", normalize="symmetric"))
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_text("Play")
    expect_epoch(page, 0, last=0)


@pytest.mark.parametrize("how", ["layer", "symmetric"])
def test_one_range_for_all_frames_shows_growth(open_page: Open, how: Normalize) -> None:
    page = open_page(page_of(normalize=how))
    first = shown(page)
    page.keyboard.press("End")
    expect_epoch(page, E - 1)
    together = draw_slices(FRAMES.reshape(E * N, H, W), layout(E * N, H, W, cols=N, scale=1, gap=0), normalize=how)
    levels = np.asarray(Image.open(BytesIO(together)))
    for picture, row in [(first, levels[:H]), (shown(page), levels[-H:])]:
        for n in range(N):
            y, x = n // PLAN.cols * PLAN.row_pitch, n % PLAN.cols * PLAN.col_pitch
            tile = picture[y : y + H * PLAN.scale : PLAN.scale, x : x + W * PLAN.scale : PLAN.scale, 0]
            np.testing.assert_array_equal(tile, row[:, n * W : (n + 1) * W], err_msg=f"tile {n}")


def test_frames_in_colour_are_their_still_pictures(open_page: Open) -> None:
    frames = np.random.default_rng(3).normal(size=(3, 4, 2, 5, 3)).astype(np.float32)
    plan = layout(4, 2, 5, scale=3, gap=2)
    page = open_page(page_of(frames, indices=range(4), layout=plan))
    for epoch, frame in enumerate(frames):
        expect_epoch(page, epoch, last=2)
        np.testing.assert_array_equal(shown(page), np.asarray(Image.open(BytesIO(draw_slices(frame, plan)))))
        page.get_by_label("one epoch on").click()


def test_the_planes_of_a_volume_stand_as_in_the_still_picture(open_page: Open) -> None:
    plan = layout(N, H, W, cols=3, scale=4, gap=12, planes=2)
    page = open_page(page_of(layout=plan))
    picture = Image.open(BytesIO(draw_slices(FRAMES[0], plan))).convert("RGB")
    np.testing.assert_array_equal(shown(page), np.asarray(picture))


def test_it_plays_by_itself_pauses_and_goes_round(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=20), motion="no-preference")
    expect(page.locator("#play")).to_have_text("Pause")
    page.wait_for_function(f"document.querySelector('#slider').value === '{E - 1}'")
    page.wait_for_function("document.querySelector('#slider').value === '1'")
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_text("Play")


def test_without_loop_it_stops_at_the_end_and_plays_again_from_the_start(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=20))
    page.get_by_label("loop").uncheck()
    for _ in range(2):
        page.locator("#play").click()
        expect(page.locator("#play")).to_have_text("Play")
        expect_epoch(page, E - 1)


def test_it_stays_still_where_less_motion_is_wanted(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=1))
    expect(page.locator("#play")).to_have_text("Play")
    expect_epoch(page, 0)


@pytest.mark.parametrize("speed", ["0.25", "8"])
def test_speed_divides_the_interval(open_page: Open, speed: str) -> None:
    page = open_page(page_of(interval_ms=40))
    page.clock.install(time=0)
    # Installed alone, it goes on by itself.
    page.clock.pause_at(3600)
    page.get_by_label("speed").select_option(speed)
    page.locator("#play").click()
    interval = int(40 / float(speed))
    for epoch in (0, 1):
        page.clock.run_for(interval - 1)
        expect_epoch(page, epoch)
        page.clock.run_for(1)
        expect_epoch(page, epoch + 1)


def test_buttons_and_slider_move_and_pause(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=10_000), motion="no-preference")
    moves: Sequence[tuple[str, int]] = [("last epoch", E - 1), ("one epoch back", E - 2), ("first epoch", 0)]
    for label, epoch in moves:
        page.get_by_label(label).click()
        expect_epoch(page, epoch)
        expect(page.locator("#play")).to_have_text("Play")
    page.get_by_label("one epoch back").click()
    expect_epoch(page, 0)
    page.locator("#slider").fill("3")
    expect_epoch(page, 3)
    np.testing.assert_array_equal(shown(page), still(FRAMES[3]))


def test_the_keyboard_does_everything(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=10_000))
    for key, epoch in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", E - 1), ("Home", 0)]:
        page.keyboard.press(key)
        expect_epoch(page, epoch)
    for text in ("Pause", "Play"):
        page.keyboard.press("Space")
        expect(page.locator("#play")).to_have_text(text)
    # On the slider too, one step a key.
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")
    expect_epoch(page, 1)


def test_keys_on_the_speed_are_the_speeds_own(open_page: Open) -> None:
    page = open_page(page_of())
    page.get_by_label("speed").focus()
    page.keyboard.press("End")
    expect(page.get_by_label("speed")).to_have_value("8")
    expect_epoch(page, 0)


def test_space_on_a_button_presses_it_once(open_page: Open) -> None:
    page = open_page(page_of(interval_ms=10_000))
    page.locator("#play").focus()
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_text("Pause")


def test_epochs_and_captions_are_those_given(open_page: Open) -> None:
    page = open_page(page_of(epochs=[0, 5, 10, 20, 30], captions=["before training", "b", "c", "d", "<i>end</i>"]))
    expect(page.locator("#caption")).to_have_text("epoch 0 of 30 · before training")
    page.keyboard.press("End")
    expect(page.locator("#caption")).to_have_text("epoch 30 of 30 · <i>end</i>")
    expect(page.locator("#slider")).to_have_attribute("aria-valuetext", "epoch 30 of 30")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile("epoch 30 of 30"))


def test_every_control_has_a_name(open_page: Open) -> None:
    page = open_page(page_of())
    for role, name in [
        *(("button", name) for name in ("first epoch", "one epoch back", "Play", "one epoch on", "last epoch")),
        *(("slider", "epoch"), ("combobox", "speed"), ("checkbox", "loop")),
    ]:
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)  # type: ignore[arg-type]


def test_hovering_a_tile_names_its_index_and_a_gap_none(open_page: Open) -> None:
    page = open_page(page_of(), viewport={"width": 800, "height": 600})
    box = page.locator("canvas").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (PLAN.width, PLAN.height)
    tip = page.locator("#tip")
    for n in range(N):
        x, y = n % PLAN.cols * PLAN.col_pitch + 5, n // PLAN.cols * PLAN.row_pitch + 5
        page.mouse.move(box["x"] + x, box["y"] + y)
        expect(tip).to_have_text(f"slice {10 + n}")
    page.mouse.move(box["x"] + W * PLAN.scale + 1, box["y"] + 5)
    expect(tip).to_be_hidden()
    # The last row has room for two tiles more.
    page.mouse.move(box["x"] + PLAN.width - 5, box["y"] + PLAN.height - 5)
    expect(tip).to_be_hidden()


def test_room_for_captions_in_the_still_is_kept(open_page: Open) -> None:
    plan = layout(N, H, W, scale=4, labels=True)
    page = open_page(page_of(layout=plan))
    picture = np.asarray(Image.open(BytesIO(draw_slices(FRAMES[0], plan))).convert("RGB"))
    np.testing.assert_array_equal(shown(page), picture)


def test_a_title_and_a_caption_that_are_html_do_no_harm(open_page: Open) -> None:
    page = open_page(page_of(title=NASTY, captions=[NASTY] * E))
    expect(page.locator("h1")).to_have_text(NASTY)
    expect(page.locator("#caption")).to_contain_text("<!--<script>alert(1)</script>")
    assert page.evaluate("document.title") == re.sub(r"[ \t\n\f\r]+", " ", NASTY)
    assert page.locator("script").count() == 1
    np.testing.assert_array_equal(shown(page), still(FRAMES[0]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_schemes(open_page: Open, scheme: str) -> None:
    frames = np.random.default_rng(0).normal(size=(2, 64, 5, 5)).astype(np.float32)
    html = page_of(frames, indices=range(64), layout=layout(64, 5, 5))
    page = open_page(html, viewport={"width": 390, "height": 760}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = np.mean([int(part) for part in re.findall(r"\d+", paper)[:3]])
    assert (lightness > 200) == (scheme == "light")
    for control in ("#play", "#slider", "#speed", "#loop"):
        expect(page.locator(control)).to_be_in_viewport()


def test_thirty_epochs_of_64_slowly_moving_filters_are_small() -> None:
    first, *steps = np.random.default_rng(0).normal(size=(30, 64, 5, 5)).astype(np.float32)
    # In its first six epochs of MNIST a second convolution was measured to move by 0.4 to 4 % of its spread.
    frames = np.cumsum([first, *(step / 50 for step in steps)], axis=0)
    html = page_of(frames, indices=range(64), layout=layout(64, 5, 5))
    assert len(html) < 40_000, f"{len(html)} bytes"


def test_noise_which_does_not_compress_is_no_larger_than_its_levels() -> None:
    frames = np.random.default_rng(0).normal(size=(30, 64, 5, 5)).astype(np.float32)
    html = page_of(frames, indices=range(64), layout=layout(64, 5, 5))
    assert len(html) < 76_000, f"{len(html)} bytes"


def test_an_unknown_colormap_is_named() -> None:
    with pytest.raises(UnknownColormap):
        page_of(cmap="jet")
