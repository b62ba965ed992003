"""Keras imported without what it takes along for uses that nobody here makes of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*packages: str) -> Iterator[None]:
    """Let packages that nothing has imported seem not to be installed until the block ends."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None there is Python's word for "cannot be had"
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


def import_keras() -> None:
    """Import TensorFlow and Keras as they are where the packages of Keras' wrappers and galleries are not installed.

    Keras imports scikit-learn, Matplotlib and IPython wherever it finds them, and does without where it does not. They
    are two fifths of what a worker computes before it is up: 8.6 s of processor time with them, 5.0 s without.
    """
    with absent("IPython", "matplotlib", "sklearn"):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
