import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnservice.drawing.captions import font, shortened, write_captions

words = st.text("abcdefghij klm→", max_size=40)


@given(words, st.integers(0, 200))
def test_a_shortened_text_fits_and_one_that_fits_is_itself(text: str, width: int) -> None:
    face = font(12)
    short = shortened(text, face, width)
    assert face.getlength(short.replace("→", "")) <= width
    if face.getlength(text) + 20 * text.count("→") <= width:
        assert short == text or not text.replace("→", "").strip()


def test_the_longer_of_two_names_is_cut_first() -> None:
    short = shortened("automobiles of all kinds → cat", font(12), 110)
    assert short.endswith("→ cat")
    assert "…" in short.split("→")[0]


def test_an_arrow_is_drawn_between_what_it_joins() -> None:
    canvas = np.full((16, 80), 255, np.uint8)
    arrow = write_captions(canvas, ["7 → 2"], [(0, 0)], 80)
    alone = [write_captions(canvas, [one], [(0, 0)], 80) for one in ("7", "2")]
    ink = np.flatnonzero((arrow < 200).any(axis=0))
    assert abs((ink[0] + ink[-1]) / 2 - 39.5) <= 2, "not centred"
    pieces = np.split(ink, np.flatnonzero(np.diff(ink) > 1) + 1)
    assert len(pieces) == 3, "a number, an arrow and a number"
    shaft = arrow[:, pieces[1]]
    assert ((shaft < 200).all(axis=1)).sum() == 1, "the shaft is one row of pixels from end to end"
    for piece, number in zip((pieces[0], pieces[2]), alone, strict=True):
        assert abs(len(piece) - np.count_nonzero((number < 200).any(axis=0))) <= 1


def test_the_canvas_given_is_left_as_it_was() -> None:
    canvas = np.full((16, 80, 3), 255, np.uint8)
    write_captions(canvas, ["7"], [(0, 0)], 80)
    assert (canvas == 255).all()
