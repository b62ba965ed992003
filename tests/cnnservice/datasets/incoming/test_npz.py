"""An .npz is taken as it is, or refused with what is wrong before anything is unpacked."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.errors import BadDataset, DatasetTooLarge

from .conftest import Read, npz, packed

RNG = np.random.default_rng(1)
GOOD: dict[str, NDArray[Any]] = {
    "x_train": RNG.integers(0, 256, (12, 5, 4), np.uint8),
    "y_train": np.arange(12) % 3,
    "x_test": RNG.integers(0, 256, (6, 5, 4), np.uint8),
    "y_test": np.arange(6) % 3,
}


def test_images_and_labels_are_those_sent(read: Read) -> None:
    record, arrays = read(npz(**GOOD))
    for key, array in GOOD.items():
        np.testing.assert_array_equal(arrays[key].reshape(array.shape), array)
    assert arrays["x_train"].shape == (12, 5, 4, 1)
    assert record["shape"] == [5, 4, 1]
    assert record["splits"] == {"train": 12, "test": 6}
    assert record["classes"] == ["0", "1", "2"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "int8", ">i4", "uint64", "int64"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_any_whole_numbers_are_labels_and_images_may_have_channels(
    channels: int, dtype: str, save: Any, read: Read
) -> None:
    images = {key: RNG.integers(0, 256, (len(GOOD[key]), 5, 4, channels), np.uint8) for key in ("x_train", "x_test")}
    labels = {key: GOOD[key].astype(dtype).reshape(-1, 1) for key in ("y_train", "y_test")}
    file = BytesIO()
    save(file, **images, **labels, other=np.zeros(3))
    record, arrays = read(file.getvalue())
    assert record["shape"] == [5, 4, channels]
    np.testing.assert_array_equal(arrays["x_test"], images["x_test"], strict=True)
    np.testing.assert_array_equal(arrays["y_train"], GOOD["y_train"], strict=True)


def test_the_same_content_has_the_same_name_however_it_is_packed_and_other_content_another(read: Read) -> None:
    file = BytesIO()
    np.savez(file, **{key: GOOD[key] for key in reversed(GOOD)})
    assert read(file.getvalue())[0] == read(npz(**GOOD))[0]
    for key, array in GOOD.items():
        changed = array.copy()
        changed.flat[0] = 1 if changed.flat[0] == 0 else 0
        assert read(npz(**{**GOOD, key: changed}))[0]["sha256"] != read(npz(**GOOD))[0]["sha256"]


def test_the_background_is_what_most_of_the_border_is(read: Read) -> None:
    for value in (0, 200, 255):
        images = np.full((12, 9, 9), value, np.uint8)
        images[:, 3:6, 3:6] = 90
        record, _ = read(npz(**{**GOOD, "x_train": images, "x_test": images[:6]}))
        assert record["background"] == value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x_test": None}, "no array x_test"),
        ({"y_train": None}, "no array y_train"),
        ({"x_train": GOOD["x_train"] / 255}, "x_train is of float64; pixels are uint8"),
        ({"x_train": GOOD["x_train"].astype(np.int64)}, "x_train is of int64"),
        ({"x_train": np.array([None, "a"], object)}, "x_train is of object"),
        ({"x_train": GOOD["x_train"][:, :, 0]}, "x_train has shape (12, 5)"),
        ({"x_train": np.zeros((12, 5, 4, 2), np.uint8)}, "x_train has shape (12, 5, 4, 2)"),
        ({"x_train": np.zeros((12, 5, 4, 3), np.uint8)}, "x_train are [5, 4, 3], those of x_test [5, 4, 1]"),
        ({"x_test": np.zeros((0, 5, 4), np.uint8), "y_test": np.zeros(0, int)}, "x_test has shape (0, 5, 4)"),
        ({"x_train": np.asfortranarray(GOOD["x_train"])}, "np.ascontiguousarray(x_train)"),
        ({"y_train": GOOD["y_train"][:-1]}, "y_train has shape (11,); 12 images want 12 labels"),
        ({"y_train": np.eye(3)[GOOD["y_train"]].astype(int)}, "y_train has shape (12, 3)"),
        ({"y_train": GOOD["y_train"].astype(float)}, "y_train is of float64"),
        ({"y_train": np.array(["cat"] * 12)}, "y_train is of <U3"),
        ({"y_test": np.array([0, 1, -1, 0, 1, 2])}, "y_test[2] is -1"),
        ({"y_test": np.array([0, 1, 2**64 - 1, 0, 1, 2], np.uint64)}, "y_test[2] is 18446744073709551615"),
        ({"y_train": np.zeros(12, int), "y_test": np.zeros(6, int)}, "one class"),
    ],
)
def test_what_cannot_be_a_data_set_is_told_why(change: dict[str, Any], said: str, read: Read) -> None:
    with pytest.raises(BadDataset) as refused:
        read(npz(**{key: array for key, array in (GOOD | change).items() if array is not None}))
    assert said in refused.value.detail
    assert "x_train, y_train, x_test and y_test" in refused.value.detail


def test_limits_hold_at_their_edges(read: Read) -> None:
    content = npz(**GOOD)
    for name, value in (("max_dataset_images", 18), ("max_dataset_bytes", 1024), ("max_classes", 3)):
        read(content, **{name: value})
    for name, value in (("max_dataset_images", 17), ("max_classes", 2)):
        with pytest.raises(DatasetTooLarge, match=f"at most {value} is allowed .setting CNNSERVICE_{name.upper()}"):
            read(content, **{name: value})
    larger = npz(**{key: np.tile(array, (4, *[1] * (array.ndim - 1))) for key, array in GOOD.items()})
    read(larger, max_dataset_bytes=72 * 20)
    with pytest.raises(DatasetTooLarge, match="1440 bytes; at most 1439"):
        read(larger, max_dataset_bytes=72 * 20 - 1)


def test_a_header_that_lies_costs_no_memory(read: Read, tmp_path: Path) -> None:
    # 50 GB, it says; then 1 GB, which is allowed here, and ends after a byte.
    for count, error in ((1 << 26, DatasetTooLarge), (1 << 20, BadDataset)):
        lying = BytesIO()
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, 28, 28)}
        np.lib.format.write_array_header_1_0(lying, header)
        labels = BytesIO()
        np.lib.format.write_array_header_1_0(labels, {"descr": "|u1", "fortran_order": False, "shape": (count,)})
        files = {"x_train.npy": lying.getvalue() + b"\0", "y_train.npy": labels.getvalue() + b"\0"}
        tail = {f"{key}.npy": b"" for key in ("x_test", "y_test")}
        for key in ("x_test", "y_test"):
            member = BytesIO()
            np.save(member, np.zeros((2, 28, 28) if key == "x_test" else 2, np.uint8))
            tail[f"{key}.npy"] = member.getvalue()
        tracemalloc.start()
        with pytest.raises(error):
            read(packed(files | tail), max_dataset_images=1 << 25)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20


def test_a_pickle_is_never_loaded(read: Read, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "went off",))

    file = BytesIO()
    np.savez(file, **{**GOOD, "x_train": np.array([Bomb()] * 12, object)})
    with pytest.raises(BadDataset, match="x_train is of object"):
        read(file.getvalue())
    assert not (tmp_path / "went off").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), npz(**GOOD)[:-30], b"\x93NUMPY" * 100])
def test_a_file_of_another_kind_is_told_so(content: bytes, read: Read) -> None:
    with pytest.raises(BadDataset, match=r"no \.npz or \.zip|no image under train/"):
        read(content)


def test_a_file_broken_anywhere_is_refused_or_read_but_nothing_else(read: Read) -> None:
    content = npz(**GOOD)
    for at in range(0, len(content), 3):
        broken = bytearray(content)
        broken[at] ^= 0xFF
        try:
            read(bytes(broken))
        except (BadDataset, DatasetTooLarge):
            continue


def test_an_encrypted_file_is_refused(read: Read) -> None:
    content = bytearray(npz(**GOOD))
    with zipfile.ZipFile(BytesIO(content)) as archive:
        places = [info.header_offset for info in archive.infolist()]
    start = content.index(b"PK\x01\x02")
    for number, place in enumerate(places):
        content[place + 6] |= 1
        at = content.index(b"PK\x01\x02", start)
        content[at + 8] |= 1
        start = at + 4
        assert number < 4
    with pytest.raises(BadDataset, match="encrypted"):
        read(bytes(content))
