"""How TensorFlow is set up in a process that computes, and what its results hold for."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import keras
import tensorflow as tf

# What is raised when there is no more memory, by Python or by TensorFlow.
OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)


def configure() -> None:
    """Deterministic kernels, and GPU memory taken as needed. Before anything has been computed."""
    tf.config.experimental.enable_op_determinism()
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def start_afresh(seed: int) -> None:
    """Forget what was computed before and seed every generator, so that a run depends on its seed alone."""
    keras.backend.clear_session(free_memory=True)  # collects garbage, too
    keras.utils.set_random_seed(seed)


def describe() -> dict[str, Any]:
    """The device and versions for which a training repeats bit for bit."""
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    return {
        "device": details.get("device_name", "GPU") if gpus else "CPU",
        "versions": {name: version(name) for name in ("keras", "tensorflow", "numpy")},
    }
