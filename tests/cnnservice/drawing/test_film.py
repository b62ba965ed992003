from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.colormaps import UnknownColormap, colormap
from cnnservice.drawing.film import STRIP_HEIGHT, animation_gif, animation_webp
from cnnservice.drawing.grid import draw_slices, layout
from cnnservice.drawing.normalize import Normalize, levels, normalize

E, N, H, W = 5, 7, 3, 4
GROWTH = np.arange(1, E + 1, dtype=np.float32).reshape(E, 1, 1, 1)
FRAMES = (GROWTH * np.random.default_rng(0).normal(size=(E, N, H, W))).astype(np.float32)
PLAN = layout(N, H, W, cols=3, scale=12, gap=2)

Animate = Callable[..., bytes]
both = pytest.mark.parametrize("animate", [animation_gif, animation_webp])


def film_of(animate: Animate, frames: NDArray[np.float32] = FRAMES, **changes: Any) -> Image.Image:
    count = len(frames)
    told: dict[str, Any] = {"epochs": range(count), "captions": [""] * count, "layout": PLAN}
    return Image.open(BytesIO(animate(frames, **{**told, **changes})))


def pictures(film: Image.Image) -> list[NDArray[np.uint8]]:
    shown = []
    for number in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(number)
        shown.append(np.asarray(film.convert("RGB")))
    return shown


def durations(film: Image.Image) -> list[int]:
    told = []
    for number in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(number)
        film.load()
        told.append(int(film.info["duration"]))
    return told


def still(frame: NDArray[np.float32], **options: Any) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(draw_slices(frame, PLAN, **options))).convert("RGB"))


@both
@pytest.mark.parametrize("cmap", ["gray", "viridis", "RdBu_r", "Greys"])
def test_every_frame_is_the_still_picture_of_its_epoch(animate: Animate, cmap: str) -> None:
    shown = pictures(film_of(animate, cmap=cmap))
    assert len(shown) == E
    for epoch, (picture, frame) in enumerate(zip(shown, FRAMES, strict=True)):
        assert picture.shape == (PLAN.height + STRIP_HEIGHT, PLAN.width, 3)
        np.testing.assert_array_equal(picture[: PLAN.height], still(frame, cmap=cmap), err_msg=f"epoch {epoch}")


@both
@pytest.mark.parametrize("how", ["layer", "symmetric"])
def test_one_range_for_all_frames_shows_growth(animate: Animate, how: Normalize) -> None:
    shown = pictures(film_of(animate, normalize=how))
    together = levels(normalize(FRAMES, how))
    for picture, cells in zip(shown, together, strict=True):
        for n in range(N):
            y, x = n // PLAN.cols * PLAN.row_pitch, n % PLAN.cols * PLAN.col_pitch
            tile = picture[y : y + H * PLAN.scale : PLAN.scale, x : x + W * PLAN.scale : PLAN.scale, 0]
            np.testing.assert_array_equal(tile, cells[n], err_msg=f"tile {n}")


@both
def test_it_goes_round_for_ever_and_rests_at_the_end(animate: Animate) -> None:
    film = film_of(animate, interval_ms=150)
    assert film.info["loop"] == 0
    assert durations(film) == [150] * (E - 1) + [1000]


@both
def test_epochs_that_changed_nothing_are_frames_of_their_own(animate: Animate) -> None:
    film = film_of(animate, np.repeat(FRAMES[:1], 4, axis=0))
    assert durations(film) == [200, 200, 200, 1000]
    first, *others = pictures(film)
    for other in others:
        np.testing.assert_array_equal(other[: PLAN.height], first[: PLAN.height])
        assert not np.array_equal(other[PLAN.height :], first[PLAN.height :]), "the epoch's number stood still"


@both
def test_frames_that_are_as_wide_as_a_hair_still_say_their_epoch(animate: Animate) -> None:
    frames = np.zeros((3, 1, 1, 2), np.float32)
    plan = layout(1, 1, 2, scale=1, gap=0)
    shown = pictures(film_of(animate, frames, layout=plan, epochs=[0, 10, 20]))
    assert len(shown) == 3
    for picture in shown:
        strip = picture[plan.height :].min(axis=2)
        assert (strip < 128).any()
        assert (strip[:, -1] == 255).all(), "the text runs out of the picture"
        assert (picture[: plan.height, plan.width :] == 255).all()


@both
def test_a_caption_is_written_where_all_have_room(animate: Animate) -> None:
    def inked(captions: list[str]) -> list[int]:
        strips = [picture[PLAN.height :].min(axis=2) < 160 for picture in pictures(film_of(animate, captions=captions))]
        return [int(np.flatnonzero(strip.any(axis=0))[-1]) for strip in strips]

    without = inked([""] * E)
    assert all(far > near for far, near in zip(inked(["loss 0.1"] * E), without, strict=True))
    assert inked([*["loss 0.1"] * (E - 1), "a caption for which there is no room at all"]) == without


@both
def test_one_epoch_is_a_picture_that_stands(animate: Animate) -> None:
    (picture,) = pictures(film_of(animate, FRAMES[:1]))
    np.testing.assert_array_equal(picture[: PLAN.height], still(FRAMES[0]))


def test_colours_are_exact_in_webp_and_near_in_gif() -> None:
    frames = np.random.default_rng(3).normal(size=(3, N, H, W, 3)).astype(np.float32)
    for epoch, frame in enumerate(frames):
        expected = still(frame).astype(int)
        np.testing.assert_array_equal(pictures(film_of(animation_webp, frames))[epoch][: PLAN.height], expected)
        off = np.abs(pictures(film_of(animation_gif, frames))[epoch][: PLAN.height] - expected)
        assert off.mean() < 4, f"colours are off by {off.mean():.1f} of 255"
        assert (off[(expected == 255).all(axis=2)] == 0).all(), "the background is not white"


def test_few_colours_are_exact_in_gif_too() -> None:
    frames = np.random.default_rng(3).integers(0, 3, (3, N, H, W, 3)).astype(np.float32)
    for picture, frame in zip(pictures(film_of(animation_gif, frames, normalize="layer")), frames, strict=True):
        np.testing.assert_array_equal(picture[: PLAN.height], still(frame, normalize="layer"))


def test_a_gif_that_uses_every_level_gives_up_the_rarest_for_white() -> None:
    values = np.concatenate([np.arange(256), np.arange(100), np.arange(101, 256)]) / 256
    frames = values.astype(np.float32).reshape(1, 1, 7, 73)
    plan = layout(1, 7, 73, scale=1)
    (picture,) = pictures(film_of(animation_gif, frames, layout=plan, cmap="viridis", normalize="layer"))
    table = colormap("viridis")
    expected = table[levels(normalize(frames, "layer"))][0, 0]
    wrong = (picture[:7, :73] != expected).any(axis=2)
    assert wrong.sum() == 1
    assert np.abs(picture[:7, :73].astype(int) - expected).max() <= 4
    assert (picture[:7, 73:] == 255).all()
    assert (picture[7, :] == 255).all()


@both
def test_an_unknown_colormap_is_named(animate: Animate) -> None:
    with pytest.raises(UnknownColormap):
        film_of(animate, cmap="jet")
