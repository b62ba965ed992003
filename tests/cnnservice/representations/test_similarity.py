import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.representations.similarity import centred, linear_cka, similarity_matrix

N = 40


def random(d: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(1, np.linspace(0.2, 2, d), (N, d))


def cka(x: NDArray[np.floating], y: NDArray[np.floating]) -> float | None:
    return linear_cka(centred(x), centred(y))


def by_definition(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Equations 2 and 3 of the paper, with the centring matrix H = I - 11'/n and linear kernels."""
    h = np.eye(N) - np.ones((N, N)) / N

    def hsic(k: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        return float(np.trace(k @ h @ other @ h) / (N - 1) ** 2)

    k, other = x @ x.T, y @ y.T
    return hsic(k, other) / np.sqrt(hsic(k, k) * hsic(other, other))


def orthogonal(d: int) -> NDArray[np.float64]:
    return np.linalg.qr(np.random.default_rng(d).normal(size=(d, d)))[0]


@pytest.mark.parametrize("p", [1, 7, N, 3 * N])
@pytest.mark.parametrize("q", [5, 2 * N])
def test_it_is_the_papers_definition_whichever_form_is_computed(p: int, q: int) -> None:
    x = random(p, 1)
    y = np.tanh(x @ np.random.default_rng(2).normal(size=(p, q))) + random(q, 3)
    assert cka(x, y) == pytest.approx(by_definition(x, y), abs=1e-5)
    assert 0.05 < by_definition(x, y) < 0.99


@pytest.mark.parametrize("d", [7, 3 * N])
def test_a_representation_is_as_like_itself_as_can_be(d: int) -> None:
    assert cka(random(d, 1), random(d, 1)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("d", [7, 3 * N])
def test_rotation_scale_and_place_make_no_difference(d: int) -> None:
    x, y = random(d, 1), random(d, 1) + random(d, 2)
    changed = 3e4 * y @ orthogonal(d) + random(d, 5)[0]
    assert cka(x, changed) == pytest.approx(cka(x, y), abs=1e-5)
    assert cka(y, changed) == pytest.approx(1, abs=1e-5)


def test_any_other_linear_map_makes_a_difference() -> None:
    x = random(7, 1)
    stretched = x @ np.diag([30, 1, 1, 1, 1, 1, 1])
    assert cka(x, stretched) < 0.9
    assert cka(x, stretched) == pytest.approx(by_definition(x, stretched), abs=1e-5)


def test_the_order_of_the_two_makes_none() -> None:
    assert cka(random(5, 1), random(90, 2)) == pytest.approx(cka(random(90, 2), random(5, 1)), abs=1e-6)


def test_what_depends_on_other_pixels_is_unlike() -> None:
    halves = np.zeros((N, 2))
    halves[: N // 2, 0] = 1
    halves[::2, 1] = 1
    assert cka(halves[:, :1], halves[:, 1:]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("d", [7, 3 * N])
@pytest.mark.parametrize("value", [0.0, 0.1, np.inf, np.nan])
def test_a_dead_layer_and_what_is_no_number_are_like_nothing(value: float, d: int) -> None:
    nothing = np.full((N, d), value, np.float32)
    if not np.isfinite(value):
        nothing[1:] = random(d, 1)[1:]
    assert cka(nothing, random(7, 1)) is None
    assert cka(random(3 * N, 1), nothing) is None
    assert cka(nothing, nothing) is None


@pytest.mark.parametrize("d", [7, 3 * N])
@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_values_may_be_tiny_and_huge(d: int, factor: float) -> None:
    x = random(d, 1).astype(np.float32)
    assert cka(x * np.float32(factor), x) == pytest.approx(1, abs=1e-5)


def test_a_matrix_has_a_row_for_each_of_the_one_and_a_column_for_each_of_the_other() -> None:
    rows = [random(3, 1), np.zeros((N, 4)), random(90, 2)]
    columns = [random(90, 2), random(5, 3)]
    matrix = similarity_matrix([centred(row) for row in rows], [centred(column) for column in columns])
    assert matrix.shape == (3, 2)
    assert np.isnan(matrix[1]).all()
    assert matrix[2, 0] == pytest.approx(1, abs=1e-6)
    assert matrix[0, 1] == pytest.approx(by_definition(rows[0], columns[1]), abs=1e-5)
