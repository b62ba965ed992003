"""How alike maps are, by hand where that is short, and where it is known what must come out."""

from __future__ import annotations

import numpy as np
import pytest

from cnnservice.sanity.similarity import MEASURES, similarities

RANDOM = np.random.default_rng(8)
ONE, OTHER = RANDOM.normal(size=(2, 28, 28)).astype(np.float32)


def ranks(values: np.ndarray) -> np.ndarray:
    return values.ravel().argsort().argsort()


def test_a_map_is_like_itself_and_like_a_multiple_of_itself() -> None:
    for other in (ONE, 3 * ONE):
        assert similarities([ONE], [other]) == pytest.approx(dict.fromkeys(MEASURES, 1.0), abs=1e-6)


def test_ranks_are_those_of_values_and_of_their_distances_from_0() -> None:
    found = similarities([ONE], [OTHER])
    assert found["rank"] == pytest.approx(np.corrcoef(ranks(ONE), ranks(OTHER))[0, 1])
    absolute = np.corrcoef(ranks(np.abs(ONE)), ranks(np.abs(OTHER)))[0, 1]
    assert found["rank_absolute"] == pytest.approx(absolute)


def test_a_map_turned_round_is_its_opposite_by_rank_and_itself_without_signs() -> None:
    found = similarities([ONE], [-ONE])
    assert found["rank"] == pytest.approx(-1)
    assert [found[name] for name in ("rank_absolute", "ssim", "hog")] == pytest.approx([1, 1, 1])


def test_maps_that_have_nothing_in_common_are_unlike_by_every_measure() -> None:
    found = similarities([ONE], [OTHER])
    assert all(abs(found[name]) < 0.2 for name in ("rank", "rank_absolute", "ssim"))
    assert found["hog"] < 0.6


def test_edges_count_where_they_lie_not_how_strong_they_are() -> None:
    upright, lying = np.zeros((2, 28, 28), np.float32)
    upright[:, 14:], lying[14:] = 1, 1
    noise = 0.01 * RANDOM.normal(size=(28, 28)).astype(np.float32)
    assert similarities([upright], [upright + noise])["hog"] > similarities([upright], [lying + noise])["hog"] + 0.2


def test_it_is_the_mean_over_pairs() -> None:
    both, first, second = (
        similarities(*pair) for pair in (([ONE, ONE], [ONE, OTHER]), ([ONE], [ONE]), ([ONE], [OTHER]))
    )
    assert both == pytest.approx({name: (first[name] + second[name]) / 2 for name in MEASURES})


def test_a_map_that_says_nothing_is_like_none_but_another_that_says_nothing() -> None:
    nothing = np.zeros((28, 28), np.float32)
    assert similarities([ONE], [nothing]) == dict.fromkeys(MEASURES, 0.0)
    assert similarities([nothing], [nothing]) == dict.fromkeys(MEASURES, 1.0)


def test_the_smallest_images_are_measured_too() -> None:
    assert similarities([ONE[:3, :4]], [OTHER[:3, :4]]).keys() == set(MEASURES)
