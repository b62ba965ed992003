"""Whatever bytes a parser is given: it reads them, or raises an error of the domain, and takes little memory for it.

Hypothesis changes files that are right, in a few places each; what it finds once, it tries again.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore
from pydantic import TypeAdapter, ValidationError

from cnnservice.datasets.incoming.reading import read_dataset
from cnnservice.datasets.uploads import decode_image
from cnnservice.errors import DomainError
from cnnservice.settings import Settings
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.job import JobSpec, check_job
from cnnservice.store import put_whole
from cnnservice.weights import CheckpointStore, StoredFile

from . import archives, pictures

FEW, MANY = 60, 3000
LIMITS = Settings(max_image_pixels=1 << 16, max_dataset_bytes=1 << 20, max_upload_bytes=1 << 20, max_classes=10)
# Beside what Python's own parsers and NumPy keep.
MEMORY_BYTES = 16 << 20

TENSORS = {"model/FC1/0/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "seed/0": np.zeros((), np.int64)}

Change = tuple[int, int, bytes]
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 8), st.binary(max_size=8)), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def changed(content: bytes, changes: list[Change]) -> bytes:
    """Some bytes taken out, and others put there."""
    for at, length, instead in changes:
        start = at % (len(content) + 1)
        content = content[:start] + instead + content[start + length :]
    return content


def decode(content: bytes) -> None:
    decode_image(content, max_pixels=LIMITS.max_image_pixels)


def read(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read_dataset(io.BytesIO(content), Path(folder), LIMITS)


def open_checkpoint(content: bytes) -> None:
    """As the row of its epoch tells of it, with the file in the store changed."""
    known = CheckpointStore(MemoryStore())
    file = known.write("checkpoint", TENSORS, {"epoch": 1})
    put_whole(known.store, "checkpoint", content)
    store = CheckpointStore(known.store)
    store.read(StoredFile(file.path, file.size, file.header_size, file.header_sha256), TENSORS)
    assert content == CHECKPOINT, "what was changed was not found out"


def written() -> bytes:
    store = CheckpointStore(MemoryStore())
    store.write("checkpoint", TENSORS, {"epoch": 1})
    return bytes(store.store.get("checkpoint").bytes())


CHECKPOINT = written()
FILES: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    **{kind: (decode, content) for kind, content in pictures.FORMATS.items()},
    "npz": (read, archives.zip_of(archives.GOOD)),
    "npz, stored": (read, archives.packed(archives.GOOD, 0)),
    "zip": (read, archives.packed(archives.FOLDERS, 0)),
    "safetensors": (open_checkpoint, CHECKPOINT),
}


# Pillow warns of what is broken before it refuses it.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_a_changed_file_is_read_or_refused(kind: str, full: bool, hostile_seed: int) -> None:
    parse, content = FILES[kind]

    @seed(hostile_seed)
    @settings(max_examples=MANY if full else FEW, deadline=None, database=None)
    @given(changes=CHANGES)
    def try_it(changes: list[Change]) -> None:
        tracemalloc.start()
        try:
            parse(changed(content, changes))
        except DomainError:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MEMORY_BYTES

    try_it()


def bodies() -> list[dict[str, Any]]:
    """Jobs as they are posted."""
    layers = [{"type": "conv2d", "filters": 2, "kernel_size": 3}, {"type": "flatten"}, {"type": "dense", "units": 10}]
    return [
        {"dataset": "mnist", "epochs": 2, "seed": 1, "tags": ["a"], "class_weight": {"1": 2.0}, "keep": {"every": 2}},
        {"dataset": "mnist", "architecture": {"layers": layers}, "compile": {"optimizer": {"name": "adam"}}},
        {"dataset": "mnist", "continue_from": {"model_id": "x", "epoch": 3}, "early_stopping": {"monitor": "loss"}},
    ]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, part in inner for place in places(part, (*path, name)))]


def with_value(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The same with another value there."""
    if not place:
        return value
    copy = json.loads(json.dumps(whole))
    here = copy
    for name in place[:-1]:
        here = here[name]
    here[place[-1]] = value
    return copy


def test_a_changed_job_is_judged(full: bool, hostile_seed: int) -> None:
    spots = [(body, place) for body in bodies() for place in places(body)]

    @seed(hostile_seed)
    @settings(
        max_examples=MANY if full else FEW * 2,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(spot=st.sampled_from(spots), value=VALUES | st.sampled_from([2**31, 2**70, -1, 1e308, "\ud800", "\0"]))
    def try_it(spot: tuple[Any, tuple[Any, ...]], value: Any) -> None:
        try:
            spec = JobSpec.model_validate(with_value(*spot, value))
            check_job(spec, (28, 28, 1), 10, LIMITS)
        except (ValidationError, DomainError):
            pass

    try_it()


def test_an_architecture_of_any_layers_is_judged(full: bool, hostile_seed: int) -> None:
    adapter = TypeAdapter(Architecture)
    kinds = ["conv2d", "dense", "flatten", "reshape", "add", "max_pooling2d", "batch_normalization", "zero_padding2d"]
    names = ["filters", "kernel_size", "units", "target_shape", "pool_size", "strides", "padding", "inputs", "name"]
    arguments = st.dictionaries(st.sampled_from(names), VALUES | st.integers(1, 9), max_size=4)
    layers = st.lists(
        st.builds(lambda kind, more: {"type": kind, **more}, st.sampled_from(kinds), arguments), max_size=6
    )

    @seed(hostile_seed)
    @settings(
        max_examples=MANY if full else FEW * 2,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(layers=layers)
    def try_it(layers: list[dict[str, Any]]) -> None:
        with contextlib.suppress(ValidationError, DomainError):
            summarize(adapter.validate_python({"layers": layers}), (28, 28, 1))

    try_it()
