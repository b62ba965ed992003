"""How many images go through a network at once."""

from __future__ import annotations

_IMAGES = 256
# Numbers made of a batch: 64 MB.
_NUMBERS = 1 << 24


def batch_size(numbers_an_image: int, most: int = _IMAGES) -> int:
    """At most so many images, and as few as it takes for what is made of them to have its room in memory.

    numbers_an_image counts the outputs of all layers that are there at the same time.
    """
    return max(1, min(most, _NUMBERS // numbers_an_image))
