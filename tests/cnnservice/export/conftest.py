"""Models at an epoch, stored as a training would store them, with weights and an optimizer that have moved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
import pytest
from obstore.store import MemoryStore
from uuid_utils import uuid7

from cnnservice.database.tables import Epoch, Job
from cnnservice.models import Snapshot
from cnnservice.nn.build import build_model, compile_model
from cnnservice.nn.state import read_variables, training_variables
from cnnservice.specs.job import JobSpec, resolve
from cnnservice.weights import CheckpointStore, checkpoint_path

SHAPE, CLASSES = (28, 28, 1), 10


@dataclass(frozen=True)
class Stored:
    """A model, where it is stored, and what it was stored from."""

    store: CheckpointStore
    snapshot: Snapshot
    model: keras.Model


def store_model(**settings: Any) -> Stored:
    """A job's model after two steps of training on noise, as epoch 3."""
    spec = JobSpec.model_validate({"dataset": "mnist", **settings})
    keras.utils.set_random_seed(5)
    model = build_model(resolve(spec.architecture, SHAPE, CLASSES), SHAPE)
    compile_model(model, spec.compile)
    random = np.random.default_rng(5)
    images = random.uniform(-1, 1, (8, *SHAPE)).astype(np.float32)
    model.fit(images, np.eye(CLASSES, dtype=np.float32)[:8], batch_size=4, verbose=0)
    job = Job(id=str(uuid7()), dataset="mnist", spec=spec.model_dump(mode="json"))
    store = CheckpointStore(MemoryStore())
    file = store.write(checkpoint_path(job.id, 1, 3), read_variables(training_variables(model)), {})
    row = Epoch(job_id=job.id, epoch=3, kept=True, **asdict(file))
    return Stored(store, Snapshot(job, 3, row), model)


@pytest.fixture(scope="session")
def notebook_model() -> Stored:
    """The preset `cnn`."""
    return store_model()
