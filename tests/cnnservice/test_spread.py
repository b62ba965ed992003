from itertools import pairwise

import pytest

from cnnservice.spread import spread


@pytest.mark.parametrize(("count", "most"), [(10, 2), (10, 3), (10, 9), (1000, 7), (31, 30)])
def test_of_more_as_many_are_taken_evenly_with_both_ends(count: int, most: int) -> None:
    taken = spread(range(count), most)
    assert len(taken) == most
    assert (taken[0], taken[-1]) == (0, count - 1)
    steps = [after - before for before, after in pairwise(taken)]
    assert min(steps) >= 1
    assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize("count", [0, 1, 3])
def test_of_no_more_all_are(count: int) -> None:
    assert spread("abc"[:count], 3) == list("abc"[:count])
