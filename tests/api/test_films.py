"""A moving picture is no longer than its format has a number for."""

from __future__ import annotations

import pytest

from api.films import check_film
from cnnservice.drawing.film import STRIP_HEIGHT
from cnnservice.drawing.grid import layout
from cnnservice.errors import InvalidError
from cnnservice.settings import Settings


@pytest.mark.parametrize(("encoding", "longest"), [("gif", 65_535), ("webp", 16_383)])
def test_a_side_beyond_the_formats_is_refused_and_one_of_it_is_not(encoding: str, longest: int) -> None:
    for tall, text in ((False, 0), (True, STRIP_HEIGHT)):
        for side, refused in ((longest - text, False), (longest - text + 1, True)):
            plan = layout(1, side if tall else 1, 1 if tall else side, scale=1)
            if refused:
                with pytest.raises(InvalidError, match=f"{longest + 1} pixels; {encoding} has {longest}"):
                    check_film(plan, 1, 2, Settings(), encoding)
            else:
                check_film(plan, 1, 2, Settings(), encoding)
            check_film(plan, 1, 2, Settings(), "html")
