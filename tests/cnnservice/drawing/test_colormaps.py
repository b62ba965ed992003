import matplotlib
import numpy as np
import pytest

from cnnservice.drawing.colormaps import COLORMAPS, UnknownColormap, colormap
from cnnservice.errors import InvalidError


@pytest.mark.parametrize("name", COLORMAPS)
def test_colormap_equals_matplotlibs(name: str) -> None:
    table = colormap(name)
    assert table.dtype == np.uint8
    if name in ("gray", "gray_r"):
        exact = np.round(matplotlib.colormaps[name](range(256))[:, :3] * 255)
        np.testing.assert_array_equal(table, exact)
    else:
        np.testing.assert_array_equal(table, matplotlib.colormaps[name](range(256), bytes=True)[:, :3])


def test_the_colormaps_promised_are_there() -> None:
    promised = "gray gray_r viridis magma inferno plasma cividis coolwarm RdBu_r seismic bwr Greys"
    assert set(COLORMAPS) == set(promised.split())


def test_level_n_of_gray_is_grey_n() -> None:
    assert (colormap("gray") == np.arange(256)[:, np.newaxis]).all()


def test_a_table_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        colormap("viridis")[0] = 0


@pytest.mark.parametrize("name", ["jet", "", "Viridis", "../gray"])
def test_an_unknown_colormap_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownColormap) as caught:
        colormap(name)
    assert isinstance(caught.value, InvalidError)
    assert caught.value.code == "unknown-colormap"
    assert [error.pointer for error in caught.value.errors] == ["?cmap"]
    for part in (repr(name), *COLORMAPS):
        assert part in caught.value.detail
