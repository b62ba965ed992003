import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from cnnservice.drawing.classes import class_colours
from cnnservice.drawing.film import STRIP_HEIGHT
from cnnservice.drawing.scatter import SIDE, fitted, scatter_picture
from cnnservice.drawing.scatter_animation import scatter_film, scatter_html

E, N = 4, 12
FRAMES = np.random.default_rng(0).normal(size=(E, N, 2)) * np.arange(1, E + 1)[:, None, None]
LABELS = np.arange(N) % 3
CLASSES = ["cat", "<b>dog</b>", "</script>"]
REFERENCES = [f"pets:test:{5 * number}" for number in range(N)]
TOLD: dict[str, Any] = {
    "epochs": [0, 2, 5, 9],
    "captions": ["before training", "b", "c", "d"],
    "title": "FC1 · PCA",
    "note": "12 images",
}

Open = Callable[..., Page]


def page_of(frames: NDArray[np.floating[Any]] = FRAMES) -> bytes:
    return scatter_html(frames, LABELS, CLASSES, references=REFERENCES, **TOLD)


def colours_at(page: Page, places: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The canvas's pixels at places of the square, (n, 3)."""
    read = page.evaluate(
        "places => { const c = document.querySelector('canvas'), pen = c.getContext('2d'), k = c.height / facts.side;"
        "return places.map(([x, y]) => [...pen.getImageData(Math.round(x * k), Math.round(y * k), 1, 1).data]); }",
        places.tolist(),
    )
    return np.array(read, np.uint8)[:, :3]


def on_top(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points none that is drawn later hides."""
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    return ~np.array([(apart[n, n + 1 :] < 15).any() for n in range(len(places))])


def test_every_point_of_every_epoch_is_where_its_still_picture_has_it(open_page: Open) -> None:
    page = open_page(page_of())
    for frame, epoch, caption in zip(FRAMES, TOLD["epochs"], TOLD["captions"], strict=True):
        expect(page.locator("#caption")).to_have_text(f"epoch {epoch} of 9 · {caption}")
        places = fitted(frame)
        seen = on_top(places)
        np.testing.assert_array_equal(colours_at(page, places[seen]), class_colours(3)[LABELS[seen]])
        page.get_by_label("one epoch on").click()


def test_while_it_plays_points_move_and_arrive(open_page: Open) -> None:
    frames = np.zeros((2, N, 2))
    frames[:, 0], frames[0, 1], frames[1, 1] = (0, 0), (1, 0), (1, 1)
    told = {**TOLD, "epochs": [0, 1], "captions": ["", ""]}
    page = open_page(scatter_html(frames, LABELS, CLASSES, references=REFERENCES, **told), motion="no-preference")
    page.get_by_label("loop").uncheck()
    expect(page.locator("#play")).to_have_text("Play")
    page.wait_for_function("slider.value === '1' && now[3] === places[2 * count + 3]")
    end = fitted(frames[1])[1:2]
    np.testing.assert_array_equal(colours_at(page, end), class_colours(3)[1:2])


def test_hovering_a_point_names_its_class_and_image(open_page: Open) -> None:
    page = open_page(page_of(), viewport={"width": 900, "height": 900})
    box = page.locator("canvas").bounding_box()
    assert box is not None
    places, k = fitted(FRAMES[0]), box["height"] / SIDE
    for n in np.flatnonzero(on_top(places)).tolist():
        page.mouse.move(box["x"] + places[n, 0] * k, box["y"] + places[n, 1] * k)
        expect(page.locator("#tip")).to_have_text(f"{CLASSES[LABELS[n]]} · {REFERENCES[n]}")
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    expect(page.locator("#tip")).to_be_hidden()


@pytest.mark.parametrize("viewport", [(390, 760), (1400, 900)])
def test_it_fits_the_window_with_its_controls(open_page: Open, viewport: tuple[int, int]) -> None:
    width, height = viewport
    page = open_page(page_of(), viewport={"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("canvas").bounding_box()
    assert box is not None
    size = page.evaluate("() => [canvas.width, canvas.height]")
    assert box["width"] / box["height"] == pytest.approx(size[0] / size[1], rel=0.02)
    for control in ("canvas", "#play", "#slider", "#speed"):
        expect(page.locator(control)).to_be_in_viewport(ratio=1)


def test_a_thousand_points_over_thirty_epochs_are_less_than_200_kb() -> None:
    frames = np.random.default_rng(0).normal(size=(31, 1000, 2))
    told = {**TOLD, "epochs": range(31), "captions": [""] * 31}
    references = [f"mnist:test:{number}" for number in range(1000)]
    html = scatter_html(frames, np.arange(1000) % 3, CLASSES, references=references, **told)
    assert len(html) < 200_000, f"{len(html)} bytes"


@pytest.mark.parametrize("encoding", ["gif", "webp"])
def test_every_frame_of_a_film_is_the_still_picture_of_its_epoch(encoding: str) -> None:
    film: Any = Image.open(BytesIO(scatter_film(encoding, FRAMES, LABELS, CLASSES, **TOLD)))
    assert film.format == encoding.upper()
    assert film.n_frames == E
    for number, frame in enumerate(FRAMES):
        still = np.asarray(scatter_picture(frame, LABELS, CLASSES, title=TOLD["title"], note=TOLD["note"], scale=1))
        film.seek(number)
        shown = np.asarray(film.convert("RGB"))
        assert shown.shape[0] == still.shape[0] + STRIP_HEIGHT
        difference = np.abs(shown[: len(still), : still.shape[1]].astype(int) - still)
        # A GIF has 256 colours.
        assert difference.max() <= (0 if encoding == "webp" else 60)
        assert (difference[(still == 255).all(axis=2)] == 0).all()


def test_the_page_is_well_formed(open_page: Open) -> None:
    page = open_page(page_of())
    assert page.locator("script").count() == 1
    expect(page.locator("h1")).to_have_text("FC1 · PCA")
    expect(page.locator("#note")).to_have_text("12 images")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile("epoch 0 of 9"))
