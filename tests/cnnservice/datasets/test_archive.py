"""The whole set: checked by its checksum, unpacked once and whole, mapped and not copied."""

from __future__ import annotations

import hashlib
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from zlib import error as ZlibError  # noqa: N812 - a class

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.dataset import Dataset

FILES = ["x_test.npy", "x_train.npy", "y_test.npy", "y_train.npy"]


def archive_of(dataset: Dataset) -> NpzArchive:
    assert isinstance(dataset.origin, NpzArchive)
    return dataset.origin


def another(dataset: Dataset, **changes: str) -> Dataset:
    return replace(dataset, origin=replace(archive_of(dataset), **changes))


def unpacked(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "small.npz")


def test_without_a_file_there_is_no_checksum(small: Dataset, tmp_path: Path) -> None:
    assert archive_of(small).checksum(tmp_path) is None
    assert not small.origin.is_here(small, tmp_path)
    assert not small.origin.is_here(small, tmp_path / "no" / "such" / "folder")


def test_a_folder_of_that_name_is_no_archive(small: Dataset, tmp_path: Path) -> None:
    (tmp_path / "small.npz").mkdir()
    assert not small.origin.is_here(small, tmp_path)


def test_the_right_file_is_known_by_its_checksum(small: Dataset, provided: Path, small_archive: bytes) -> None:
    assert archive_of(small).checksum(provided) == hashlib.sha256(small_archive).hexdigest()
    assert small.origin.is_here(small, provided)


def test_a_changed_file_is_checked_again_even_at_the_same_size(
    small: Dataset, provided: Path, small_archive: bytes
) -> None:
    assert small.origin.is_here(small, provided)
    path, status = provided / "small.npz", (provided / "small.npz").stat()
    path.write_bytes(small_archive[:-1] + bytes([small_archive[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))
    assert not small.origin.is_here(small, provided)


def test_the_path_is_absolute(small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert archive_of(small).path(Path("sets")) == tmp_path / "sets" / "small.npz"


def test_the_arrays_are_mapped_and_cannot_be_written(
    small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    arrays = small.origin.open(small, provided)
    assert arrays.keys() == small_arrays.keys()
    for key, array in arrays.items():
        assert isinstance(array, np.memmap), key
        np.testing.assert_array_equal(np.asarray(array), small_arrays[key], strict=True)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_they_lie_beside_the_archive_and_are_unpacked_once(small: Dataset, provided: Path) -> None:
    small.origin.open(small, provided)
    first = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in unpacked(provided)}
    assert [path.name for path in first] == FILES
    small.origin.open(small, provided)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in unpacked(provided)} == first


def test_a_lost_array_is_unpacked_again(
    small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    small.origin.open(small, provided)
    (lost,) = provided.rglob("y_test.npy")
    lost.unlink()
    np.testing.assert_array_equal(small.origin.open(small, provided)["y_test"], small_arrays["y_test"])


def test_a_broken_member_leaves_neither_a_part_nor_a_temporary_file(small: Dataset, provided: Path) -> None:
    path = provided / "small.npz"
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("x_test.npy")
    broken = bytearray(path.read_bytes())
    broken[member.header_offset + 60 + member.compress_size // 2] ^= 0xFF
    path.write_bytes(broken)
    with pytest.raises((zipfile.BadZipFile, ZlibError)):
        another(small, sha256=hashlib.sha256(broken).hexdigest()).origin.open(small, provided)
    left = [path.name for path in unpacked(provided)]
    assert set(left) <= {"x_train.npy", "y_train.npy"}, left


def test_many_at_once_unpack_the_same(
    small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    barrier = Barrier(8)

    def read(_: int) -> NDArray[np.uint8]:
        barrier.wait(timeout=60)
        return np.array(small.origin.open(small, provided)["x_train"])

    with ThreadPoolExecutor(8) as pool:
        for images in pool.map(read, range(8)):
            np.testing.assert_array_equal(images, small_arrays["x_train"])
    assert [path.name for path in unpacked(provided)] == FILES


def test_what_another_archive_left_is_not_read(
    small: Dataset, provided: Path, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    small.origin.open(small, provided)
    path = provided / "small.npz"
    np.savez(path, allow_pickle=False, **{key: 255 - array for key, array in small_arrays.items()})
    other = another(small, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    np.testing.assert_array_equal(other.origin.open(other, provided)["x_test"], 255 - small_arrays["x_test"])


def test_the_advice_names_file_place_checksum_and_source(small: Dataset, tmp_path: Path) -> None:
    advice = small.origin.how_to_provide(small, tmp_path)
    for part in ("small.npz", str(tmp_path / "small.npz"), archive_of(small).sha256, "keras.datasets.small_loader"):
        assert part in advice
    assert "lies there" not in advice


def test_the_advice_tells_of_a_wrong_file_there(small: Dataset, tmp_path: Path) -> None:
    (tmp_path / "small.npz").write_bytes(b"other")
    assert f"that lies there has sha256 {hashlib.sha256(b'other').hexdigest()}" in small.origin.how_to_provide(
        small, tmp_path
    )


def repacked(small: Dataset, arrays: dict[str, NDArray[np.uint8]], folder: Path) -> Dataset:
    """The same arrays in a file of another checksum, and an entry that knows their numbers."""
    np.savez(folder / archive_of(small).file, allow_pickle=False, **arrays)
    numbers = b"".join(arrays[key].tobytes() for key in ("x_train", "y_train", "x_test", "y_test"))
    return another(small, contents_sha256=hashlib.sha256(numbers).hexdigest())


def test_the_same_arrays_packed_by_another_hand_serve_as_well(
    small: Dataset, small_arrays: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    known = repacked(small, small_arrays, tmp_path)
    assert archive_of(known).checksum(tmp_path) != archive_of(known).sha256
    assert known.origin.is_here(known, tmp_path)
    for key, array in known.origin.open(known, tmp_path).items():
        np.testing.assert_array_equal(array, small_arrays[key])


@pytest.mark.parametrize("key", ["x_train", "y_test"])
def test_one_number_changed_is_another_archive(
    small: Dataset, small_arrays: dict[str, NDArray[np.uint8]], tmp_path: Path, key: str
) -> None:
    known = repacked(small, small_arrays, tmp_path)
    changed = small_arrays[key].copy()
    changed.flat[-1] ^= 1
    for arrays in (small_arrays | {key: changed}, small_arrays | {key: small_arrays[key][1:]}, {key: changed}):
        np.savez(tmp_path / archive_of(small).file, allow_pickle=False, **arrays)
        assert not known.origin.is_here(known, tmp_path)


@pytest.mark.parametrize("lie", [{"descr": "|i1"}, {"descr": "|O"}, {"fortran_order": True}])
def test_the_right_bytes_under_a_lying_header_are_another_archive(
    small: Dataset, small_arrays: dict[str, NDArray[np.uint8]], tmp_path: Path, lie: dict[str, object]
) -> None:
    known = repacked(small, small_arrays, tmp_path)
    with zipfile.ZipFile(tmp_path / archive_of(small).file, "w") as archive:
        for key, array in small_arrays.items():
            honest = {"shape": array.shape, "fortran_order": False, "descr": "|u1"}
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array_header_1_0(member, honest | (lie if key == "x_train" else {}))
                member.write(array.tobytes())
    assert not known.origin.is_here(known, tmp_path)
