"""In which order an epoch sees the training samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sample_order(seed: int, epoch: int, samples: int) -> NDArray[np.int64]:
    """A permutation of 0..samples-1 that (seed, epoch) alone decides, so that any epoch can be trained again.

    epoch counts from 1. NumPy's PCG64 seeded with the pair.
    """
    return np.random.default_rng((seed, epoch)).permutation(samples)
