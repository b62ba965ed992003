"""Checkpoints: what is written comes back, a layer at a time, and damage is told, not drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import obstore
import pytest
from safetensors.numpy import load_file

from cnnservice.store import open_store
from cnnservice.weights import (
    CheckpointStore,
    DamagedFile,
    StoredFile,
    checkpoint_path,
    layer_tensors,
    variable_name,
)

TENSORS = {
    "model/Conv1/0/kernel": np.random.default_rng(0).normal(size=(5, 5, 1, 32)).astype(np.float32),
    "model/Conv1/1/bias": np.zeros(32, np.float32),
    "model/Conv10/0/kernel": np.ones((2, 2), np.float16),
    "seed/Dropout/0/seed_generator_state": np.array([7, 9], np.uint32),
    "optimizer/0/iteration": np.array(3, np.int64),
    "optimizer/1/empty": np.zeros((0, 4), np.float32),
}


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(open_store((tmp_path / "with space").as_uri()))


@pytest.fixture
def file(store: CheckpointStore) -> StoredFile:
    return store.write(checkpoint_path("m", 4, 12), TENSORS, {"epoch": 12})


def location(tmp_path: Path, file: StoredFile) -> Path:
    return tmp_path / "with space" / file.path


def test_what_is_written_comes_back_bit_for_bit(store: CheckpointStore, file: StoredFile) -> None:
    arrays = store.read(file, TENSORS)
    for name, tensor in TENSORS.items():
        assert arrays[name].dtype == tensor.dtype
        np.testing.assert_array_equal(arrays[name], tensor, strict=True)
    assert store.header(file).notes == {"epoch": 12}


def test_the_file_is_what_the_safetensors_library_reads(
    tmp_path: Path, store: CheckpointStore, file: StoredFile
) -> None:
    assert file.path == "models/m/t4/epoch-00012.safetensors"
    loaded = load_file(location(tmp_path, file))
    assert loaded.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(loaded[name], tensor)


def test_tensors_lie_in_the_order_given_so_that_a_layer_is_one_piece(store: CheckpointStore, file: StoredFile) -> None:
    entries = list(store.header(file).tensors.values())
    assert [entry.name for entry in entries] == list(TENSORS)
    ends = [entry.start + entry.length for entry in entries]
    assert [entry.start for entry in entries] == [file.header_size, *ends[:-1]]
    assert ends[-1] == file.size


@pytest.mark.parametrize("dtype", ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (3, 1, 5)])
def test_every_dtype_and_shape_is_read_by_the_safetensors_library(
    tmp_path: Path, store: CheckpointStore, dtype: str, shape: tuple[int, ...]
) -> None:
    tensor = np.arange(15).astype(dtype)[: int(np.prod(shape))].reshape(shape)
    tensors = {"odd": np.zeros(3, np.int8), "a": tensor, "turned": tensor.T}
    file = store.write("a.safetensors", tensors, {})
    for name, read in load_file(location(tmp_path, file)).items():
        np.testing.assert_array_equal(read, tensors[name], strict=True)
    for name, read in store.read(file, tensors).items():
        np.testing.assert_array_equal(read, tensors[name], strict=True)


def test_a_layer_is_found_by_its_whole_name_in_keras_order(store: CheckpointStore, file: StoredFile) -> None:
    entries = layer_tensors(store.header(file), "Conv1")
    assert [(variable_name(entry), entry.shape) for entry in entries] == [("kernel", (5, 5, 1, 32)), ("bias", (32,))]


def test_one_layer_is_read_when_the_others_are_damaged(
    tmp_path: Path, store: CheckpointStore, file: StoredFile
) -> None:
    entry = store.header(file).tensors["model/Conv1/0/kernel"]
    content = bytearray(location(tmp_path, file).read_bytes())
    content[entry.start + 5] ^= 1
    location(tmp_path, file).write_bytes(content)
    store.read(file, ["model/Conv1/1/bias"])
    with pytest.raises(DamagedFile, match="model/Conv1/0/kernel"):
        store.read(file, ["model/Conv1/0/kernel"])


def test_every_flipped_byte_is_detected(tmp_path: Path, store: CheckpointStore, file: StoredFile) -> None:
    whole = location(tmp_path, file).read_bytes()
    padding = file.size - file.header_size - sum(tensor.nbytes for tensor in TENSORS.values())
    assert padding == 0
    for position in range(0, file.size, 97):
        content = bytearray(whole)
        content[position] ^= 0xFF
        location(tmp_path, file).write_bytes(content)
        with pytest.raises(DamagedFile):
            CheckpointStore(store.store).read(file, TENSORS)


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, 0.5, 0.9, -1])
def test_a_file_cut_short_is_detected(tmp_path: Path, store: CheckpointStore, file: StoredFile, keep: float) -> None:
    whole = location(tmp_path, file).read_bytes()
    length = int(len(whole) * keep) if isinstance(keep, float) else keep % len(whole)
    location(tmp_path, file).write_bytes(whole[:length])
    with pytest.raises(DamagedFile):
        CheckpointStore(store.store).read(file, TENSORS)


def test_a_missing_file_is_damage_too(store: CheckpointStore, file: StoredFile) -> None:
    obstore.delete(store.store, file.path)
    with pytest.raises(DamagedFile, match="not there"):
        CheckpointStore(store.store).header(file)


def test_deleting_takes_the_files_that_no_model_has_and_no_other(store: CheckpointStore, file: StoredFile) -> None:
    other = store.write(checkpoint_path("m2", 1, 0), TENSORS, {})
    shared = store.write(checkpoint_path("m", 1, 1), TENSORS, {})
    store.delete([file.path, file.path])
    assert [entry["path"] for batch in obstore.list(store.store) for entry in batch] == [shared.path, other.path]
    stray = store.write(checkpoint_path("m", 2, 0), TENSORS, {})
    store.delete_garbage("m", lambda paths: {path for path in paths if path != stray.path})
    assert [entry["path"] for batch in obstore.list(store.store) for entry in batch] == [shared.path, other.path]
