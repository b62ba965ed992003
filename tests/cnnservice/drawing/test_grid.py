from io import BytesIO

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cnnservice.drawing.colormaps import COLORMAPS, UnknownColormap
from cnnservice.drawing.grid import Layout, draw_images, draw_slices, layout

SLICES = np.random.default_rng(0).normal(size=(11, 3, 5)).astype(np.float32)
layouts = st.builds(
    layout,
    st.integers(1, 60),
    st.integers(1, 40),
    st.integers(1, 40),
    cols=st.none() | st.integers(1, 20),
    scale=st.none() | st.integers(1, 9),
    gap=st.none() | st.integers(0, 9),
    labels=st.booleans(),
)


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(png)))


def drawn_by_hand(tiles: NDArray[np.uint8], plan: Layout) -> NDArray[np.uint8]:
    """Tiles (n, H, W, 3) pixel by pixel, where the layout's docstring says they are."""
    canvas = [[(255, 255, 255)] * plan.width for _ in range(plan.height)]
    for index, tile in enumerate(tiles.tolist()):
        r, c = divmod(index, plan.cols)
        top = r * (plan.tile_height * plan.scale + plan.label_height + plan.gap)
        left = c * (plan.tile_width * plan.scale + plan.gap)
        for y in range(plan.tile_height * plan.scale):
            for x in range(plan.tile_width * plan.scale):
                canvas[top + y][left + x] = tuple(tile[y // plan.scale][x // plan.scale])
    return np.array(canvas, np.uint8)


def shaded_by_matplotlib(slices: NDArray[np.float32], cmap: str) -> NDArray[np.uint8]:
    return np.stack([matplotlib.cm.ScalarMappable(cmap=cmap).to_rgba(s, bytes=True)[..., :3] for s in slices])


@pytest.mark.parametrize(
    ("n", "rows", "cols"),
    [
        (1, 1, 1), (2, 1, 2), (3, 2, 2), (5, 2, 3), (6, 2, 3), (7, 3, 3), (10, 2, 5), (11, 3, 4), (12, 3, 4),
        (14, 4, 4), (16, 4, 4), (32, 4, 8), (64, 8, 8), (96, 8, 12), (100, 10, 10), (128, 8, 16), (512, 16, 32),
    ],
)  # fmt: skip
def test_the_default_grid_is_the_squarest_without_empty_places(n: int, rows: int, cols: int) -> None:
    plan = layout(n, 5, 5)
    assert (plan.rows, plan.cols) == (rows, cols)


@pytest.mark.parametrize(
    ("height", "width", "scale"),
    [(5, 5, 16), (28, 28, 3), (3, 3, 27), (1, 1, 80), (5, 10, 8), (80, 80, 1), (224, 9, 1)],
)
def test_the_default_scale_makes_tiles_of_about_80_pixels(height: int, width: int, scale: int) -> None:
    assert layout(4, height, width).scale == scale


def test_what_is_given_is_kept() -> None:
    assert layout(10, 4, 6, cols=3, scale=2, gap=0) == Layout(4, 3, 2, 0, 4, 6)


def test_more_columns_than_tiles_leave_places_empty() -> None:
    assert layout(2, 4, 4, cols=5).rows == 1
    assert layout(2, 4, 4, cols=5).cols == 5


def test_labels_make_room_below_each_row() -> None:
    with_labels, without = layout(4, 5, 5, labels=True), layout(4, 5, 5)
    assert without.label_height == 0
    assert with_labels.height == without.height + 2 * with_labels.label_height
    assert with_labels.width == without.width


@given(n=st.integers(1, 5000))
def test_every_tile_has_a_place_and_no_row_is_empty(n: int) -> None:
    plan = layout(n, 5, 5)
    assert (plan.rows - 1) * plan.cols < n <= plan.rows * plan.cols
    assert plan.rows <= plan.cols <= 2.5 * plan.rows


@given(plan=layouts)
def test_the_picture_ends_with_its_last_tile(plan: Layout) -> None:
    last_row = (plan.rows - 1) * (plan.tile_height * plan.scale + plan.label_height + plan.gap)
    last_col = (plan.cols - 1) * (plan.tile_width * plan.scale + plan.gap)
    assert plan.height == last_row + plan.tile_height * plan.scale + plan.label_height
    assert plan.width == last_col + plan.tile_width * plan.scale
    assert plan.gap >= 0


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_images_are_drawn_pixel_for_pixel(data: st.DataObject) -> None:
    n, height, width = (data.draw(st.integers(1, most)) for most in (9, 6, 6))
    channels = data.draw(st.sampled_from([1, 3]))
    plan = layout(
        n,
        height,
        width,
        cols=data.draw(st.none() | st.integers(1, 10)),
        scale=data.draw(st.integers(1, 5)),
        gap=data.draw(st.none() | st.integers(0, 5)),
        labels=data.draw(st.booleans()),
    )
    images = np.random.default_rng(n).integers(0, 256, (n, height, width, channels), np.uint8)
    expected = drawn_by_hand(np.broadcast_to(images, (n, height, width, 3)), plan)
    picture = Image.open(BytesIO(draw_images(images, plan)))
    assert picture.mode == {1: "L", 3: "RGB"}[channels]
    assert picture.size == (plan.width, plan.height)
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), expected)


# test_colormaps says why the two greys are not matplotlib's to the last bit.
@pytest.mark.parametrize("cmap", [name for name in COLORMAPS if name not in ("gray", "gray_r")])
def test_slices_have_the_colours_matplotlib_gives_them(cmap: str) -> None:
    plan = layout(11, 3, 5, scale=2)
    picture = Image.open(BytesIO(draw_slices(SLICES, plan, cmap=cmap)))
    assert picture.mode in ("P", "RGB")
    expected = drawn_by_hand(shaded_by_matplotlib(SLICES, cmap), plan)
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), expected)


@pytest.mark.parametrize("cmap", ["viridis", "Greys", "bwr"])
@pytest.mark.parametrize("cells", [200, 256])
def test_a_palette_is_used_where_it_holds_white_too_and_the_colours_are_exact_either_way(cmap: str, cells: int) -> None:
    # 256 evenly spaced values use every level.
    slices = np.linspace(0, 1, cells, dtype=np.float32).reshape(2, 10 if cells == 200 else 16, -1)
    plan = layout(2, *slices.shape[1:], scale=2)
    picture = Image.open(BytesIO(draw_slices(slices, plan, cmap=cmap, normalize="layer")))
    table = matplotlib.colormaps[cmap](range(256), bytes=True)[:, :3]
    white = (table == 255).all(axis=1).any()
    assert picture.mode == ("P" if cells == 200 or white else "RGB")
    levels = np.minimum(slices * 256, 255).astype(int)
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), drawn_by_hand(table[levels], plan))


@pytest.mark.parametrize("cmap", ["gray", "viridis"])
def test_slices_in_colour_are_drawn_in_their_colours_whatever_the_colormap(cmap: str) -> None:
    colour = np.random.default_rng(0).normal(size=(5, 4, 6, 3)).astype(np.float32)
    plan = layout(5, 4, 6, scale=3)
    picture = Image.open(BytesIO(draw_slices(colour, plan, cmap=cmap)))
    assert picture.mode == "RGB"
    low, high = (edge(axis=(1, 2, 3), keepdims=True) for edge in (colour.min, colour.max))
    expected = np.minimum((colour - low) / (high - low) * 256, 255).astype(np.uint8)
    np.testing.assert_allclose(np.asarray(picture).astype(int), drawn_by_hand(expected, plan), atol=1)


def test_the_planes_of_a_tile_stand_apart_but_closer_than_tiles() -> None:
    slices = np.random.default_rng(0).normal(size=(4, 3, 6)).astype(np.float32)
    plan = layout(4, 3, 6, cols=2, scale=4, gap=8, planes=3)
    assert 0 < plan.seam < plan.gap
    # The same planes as tiles of their own, by the range of their filter.
    picture = pixels(draw_slices(slices, plan, normalize="layer"))
    assert picture.shape == (plan.height, plan.width)
    unit = (slices - slices.min()) / (slices.max() - slices.min())
    shown = np.full(picture.shape, 255)
    for index in range(4):
        for plane in range(3):
            y = index // 2 * (3 * 4 + 8)
            x = index % 2 * (6 * 4 + 2 * plan.seam + 8) + plane * (2 * 4 + plan.seam)
            cells = np.minimum(unit[index][:, 2 * plane : 2 * plane + 2] * 256, 255).astype(int)
            shown[y : y + 12, x : x + 8] = cells.repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_array_equal(picture, shown)


def test_gray_is_one_channel() -> None:
    assert Image.open(BytesIO(draw_slices(SLICES, layout(11, 3, 5), cmap="gray"))).mode == "L"


def test_missing_tiles_of_the_last_row_are_white() -> None:
    plan = layout(11, 3, 5, cols=4)
    picture = pixels(draw_slices(np.zeros_like(SLICES), plan))
    below, beside = 2 * (3 * plan.scale + plan.gap), 3 * (5 * plan.scale + plan.gap)
    assert (picture[below:, beside:] == 255).all()
    assert (picture[below:, : 5 * plan.scale] == 0).all()


def test_one_range_for_the_layer_shows_which_filter_is_stronger() -> None:
    slices = np.array([[[0.0, 1.0]], [[0.0, 4.0]]])
    plan = layout(2, 1, 2, scale=1, gap=0)
    assert pixels(draw_slices(slices, plan)).tolist() == [[0, 255, 0, 255]]
    assert pixels(draw_slices(slices, plan, normalize="layer")).tolist() == [[0, 64, 0, 255]]
    assert pixels(draw_slices(slices, plan, normalize="symmetric")).tolist() == [[128, 160, 128, 255]]


def test_an_unknown_colormap_is_refused() -> None:
    with pytest.raises(UnknownColormap):
        draw_slices(SLICES, layout(11, 3, 5), cmap="jet")


@pytest.mark.parametrize("channels", [1, 3])
def test_captions_are_below_their_tiles_and_nowhere_else(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 5, 5, channels), np.uint8)
    plan = layout(5, 5, 5, labels=True)
    plain, captioned = pixels(draw_images(images, plan)), pixels(draw_images(images, plan, labels=list("01234")))
    changed = (plain != captioned).reshape(plan.height, plan.width, -1).any(axis=2)
    for index in range(6):
        r, c = divmod(index, plan.cols)
        top, left = r * plan.row_pitch + 5 * plan.scale, c * plan.col_pitch
        strip = changed[top : top + plan.label_height, left : left + 5 * plan.scale]
        assert strip.any() == (index < 5), f"the caption of tile {index}"
        if index < 5:
            inked = np.flatnonzero(strip.any(axis=0))
            assert abs((inked[0] + inked[-1]) / 2 - (strip.shape[1] - 1) / 2) <= 2, f"caption {index} is not centred"
        strip[...] = False
    assert not changed.any(), "a caption left its strip"


def test_a_long_caption_is_written_smaller_and_stays_in_the_width_of_its_tile() -> None:
    images = np.zeros((2, 28, 28, 1), np.uint8)
    plan = layout(2, 28, 28, labels=True)
    picture = pixels(draw_images(images, plan, labels=["automobile vehicle"] * 2))
    strip = picture[28 * plan.scale :]
    assert (strip[:, : 28 * plan.scale] < 255).any()
    assert (strip[:, 28 * plan.scale : plan.col_pitch] == 255).all()


def test_a_caption_that_cannot_be_read_at_its_tiles_width_is_left_out() -> None:
    images = np.zeros((2, 5, 5, 1), np.uint8)
    plan = layout(2, 5, 5, scale=2, labels=True)
    picture = pixels(draw_images(images, plan, labels=["1", "1000000"]))
    assert (picture[10:, :10] < 255).any()
    assert (picture[10:, plan.col_pitch :] == 255).all()


def test_two_lines_of_captions_stand_below_each_other() -> None:
    images = np.zeros((3, 28, 28, 1), np.uint8)
    plan = layout(3, 28, 28, labels=2)
    assert plan.label_height == 2 * layout(3, 28, 28, labels=1).label_height
    picture = pixels(draw_images(images, plan, labels=["7 → 2\n0.98", "7 → 2", "\n0.98"]))
    height, width = 28 * plan.scale, 28 * plan.scale
    half = plan.label_height // 2
    inked = [
        [
            bool((picture[height + line * half : height + (line + 1) * half, left : left + width] < 128).any())
            for line in (0, 1)
        ]
        for left in (0, plan.col_pitch)
    ]
    third = picture[plan.row_pitch + height :, :width] < 128
    assert inked == [[True, True], [True, False]]
    assert [third[:half].any(), third[half:].any()] == [False, True]


@pytest.mark.parametrize("channels", [1, 3])
def test_words_too_long_for_their_tile_are_cut_short_and_stay_within_it(channels: int) -> None:
    images = np.zeros((2, 28, 28, channels), np.uint8)
    plan = layout(2, 28, 28, labels=1)
    names = ["a very long name of a class indeed → another one that is as long", "cat"]
    picture = pixels(draw_images(images, plan, labels=names)).reshape(plan.height, plan.width, -1).min(axis=2)
    strip = picture[28 * plan.scale :]
    assert (strip[:, : 28 * plan.scale] < 128).any()
    assert (strip[:, 28 * plan.scale : plan.col_pitch] == 255).all()


def test_empty_captions_draw_nothing() -> None:
    plan = layout(11, 3, 5, labels=True)
    assert draw_slices(SLICES, plan, labels=[""] * 11) == draw_slices(SLICES, plan)
