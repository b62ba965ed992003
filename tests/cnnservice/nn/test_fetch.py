"""Keras' loaders fetch from a server of archives as their publishers make them; what arrives is checked and kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import re
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.arrays import open_arrays, samples_on_disk
from cnnservice.datasets.cifar10 import CIFAR10
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.fashion_mnist import FASHION_MNIST
from cnnservice.datasets.keras_files import KerasFiles
from cnnservice.datasets.registry import DATASETS
from cnnservice.nn.fetch import DatasetNotFetched, fetch_if_missing, store_placed

CLOTHES = {"train": 60, "test": 20}
PHOTOGRAPHS = {"train": 50_000, "test": 10_000}
TAR = "cifar-10-python.tar.gz"


class _Quiet(SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server's address, and the folder it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    _Quiet.asked.clear()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}/", folder
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def datasets_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: tuple[str, Path]) -> Path:
    """Where Keras keeps its files, with its loaders sent to the server here; names and hashes stay theirs."""
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    for module in (keras.src.datasets.fashion_mnist, keras.src.datasets.cifar10):
        get_file = module.get_file

        def elsewhere(fname: str, origin: str, get_file: Callable[..., str] = get_file, **options: Any) -> str:
            return get_file(fname, origin=server[0] + origin.rsplit("/", 1)[1], **options)

        monkeypatch.setattr(module, "get_file", elsewhere)
    return tmp_path / "home" / "datasets"


def idx(array: NDArray[np.uint8]) -> bytes:
    """As LeCun's files are: a magic number that tells type and rank, the sizes, the bytes."""
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(scope="session")
def clothes() -> tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]]:
    """Small files of Fashion-MNIST's format, and what is in them."""
    rng = np.random.default_rng(3)
    files, arrays = {}, {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        arrays[f"x_{split}"] = rng.integers(0, 256, (CLOTHES[split], 28, 28), np.uint8)
        arrays[f"y_{split}"] = rng.integers(0, 10, CLOTHES[split], np.uint8)
        files[f"{prefix}-images-idx3-ubyte.gz"] = gzip.compress(idx(arrays[f"x_{split}"]))
        files[f"{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(idx(arrays[f"y_{split}"]))
    return files, arrays


def knowing(dataset: Dataset, splits: dict[str, int], files: dict[str, bytes]) -> Dataset:
    """The entry, as if its publisher had told the checksums of these files."""
    origin = dataset.origin
    assert isinstance(origin, KerasFiles)
    published = {path: origin.published_as.get(path, Path(path).name) for path in origin.checksums}
    checksums = {path: hashlib.new(origin.algorithm, files[name]).hexdigest() for path, name in published.items()}
    return replace(dataset, splits=splits, origin=replace(origin, checksums=checksums))


def serve(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_clothes_are_fetched_once_checked_and_mapped_ever_after(
    server: tuple[str, Path], datasets_path: Path, clothes: tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]]
) -> None:
    files, arrays = clothes
    dataset = knowing(FASHION_MNIST, CLOTHES, files)
    serve(server[1], files)
    assert samples_on_disk(dataset, datasets_path) == {"train": 0, "test": 0}
    fetch_if_missing(dataset, datasets_path, {"train": 10, "test": 5})
    assert sorted(_Quiet.asked) == sorted(f"/{name}" for name in files)
    assert samples_on_disk(dataset, datasets_path) == CLOTHES
    opened = open_arrays(dataset, datasets_path, train_samples=10)
    np.testing.assert_array_equal(opened.images("train")[..., 0], arrays["x_train"][:10])
    np.testing.assert_array_equal(opened.labels("test"), arrays["y_test"])
    fetch_if_missing(dataset, datasets_path, CLOTHES)
    assert len(_Quiet.asked) == len(files)


def test_wrong_files_are_refused_and_not_kept_for_the_next_time(
    server: tuple[str, Path], datasets_path: Path, clothes: tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]]
) -> None:
    files, _ = clothes
    dataset = knowing(FASHION_MNIST, CLOTHES, files)
    name = "t10k-labels-idx1-ubyte.gz"
    serve(server[1], files | {name: gzip.compress(idx(np.zeros(CLOTHES["test"], np.uint8)))})
    with pytest.raises(
        DatasetNotFetched, match=f"{re.escape(name)} is not the file it should be: its md5 is "
    ) as refused:
        fetch_if_missing(dataset, datasets_path, CLOTHES)
    assert str(datasets_path / "fashion-mnist" / name) in refused.value.detail
    assert samples_on_disk(dataset, datasets_path) == {"train": 0, "test": 0}
    serve(server[1], files)
    fetch_if_missing(dataset, datasets_path, CLOTHES)
    assert samples_on_disk(dataset, datasets_path) == CLOTHES


def test_a_fetch_that_was_cut_off_is_begun_again_and_what_it_left_is_not_lost(
    server: tuple[str, Path], datasets_path: Path, clothes: tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]]
) -> None:
    files, _ = clothes
    dataset = knowing(FASHION_MNIST, CLOTHES, files)
    serve(server[1], files)
    half = datasets_path / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    half.parent.mkdir(parents=True)
    half.write_bytes(files[half.name][:500])
    fetch_if_missing(dataset, datasets_path, CLOTHES)
    assert half.read_bytes() == files[half.name]
    assert half.with_name(f"{half.name}.wrong").read_bytes() == files[half.name][:500]


def test_without_a_server_it_says_what_to_place_where(
    server: tuple[str, Path], datasets_path: Path, clothes: tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]]
) -> None:
    for dataset in (FASHION_MNIST, CIFAR10):
        with pytest.raises(DatasetNotFetched, match=r"could not be fetched .*404") as refused:
            fetch_if_missing(dataset, datasets_path, {"train": 1, "test": 1})
        origin = dataset.origin
        assert isinstance(origin, KerasFiles)
        for path, checksum in origin.checksums.items():
            assert f"({origin.algorithm} {checksum}) as {datasets_path / path}" in refused.value.detail


def test_files_placed_by_hand_are_stored_without_a_server(
    datasets_path: Path,
    clothes: tuple[dict[str, bytes], dict[str, NDArray[np.uint8]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files, arrays = clothes
    dataset = knowing(FASHION_MNIST, CLOTHES, files)
    monkeypatch.setitem(DATASETS, "fashion_mnist", dataset)
    (datasets_path / "fashion-mnist").mkdir(parents=True)
    serve(datasets_path / "fashion-mnist", dict(list(files.items())[1:]))
    store_placed(datasets_path)
    assert samples_on_disk(dataset, datasets_path) == {"train": 0, "test": 0}
    serve(datasets_path / "fashion-mnist", files)
    store_placed(datasets_path)
    assert _Quiet.asked == []
    np.testing.assert_array_equal(open_arrays(dataset, datasets_path).images("test")[..., 0], arrays["x_test"])


@pytest.fixture(scope="session")
def photographs() -> bytes:
    """An archive of CIFAR-10's format and size: images that say their number, red in front, and their colour planes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for batch, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
            numbers = np.arange(10_000) + 10_000 * batch
            data = np.zeros((10_000, 3072), np.uint8)
            data[:, :1024], data[:, 1024:2048], data[:, 2048:] = 200, 100, 50
            data[:, 0], data[:, 1] = numbers // 256, numbers % 256
            content = pickle.dumps(
                {b"batch_label": name.encode(), b"labels": (numbers % 10).tolist(), b"data": data, b"filenames": []},
                protocol=3,
            )
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def test_photographs_are_fetched_with_their_colours_in_order(
    server: tuple[str, Path], datasets_path: Path, photographs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {TAR: photographs}
    serve(server[1], files)
    # The loader knows the checksum of the real archive: another is not let in.
    with pytest.raises(DatasetNotFetched, match="hash does not match"):
        fetch_if_missing(CIFAR10, datasets_path, PHOTOGRAPHS)
    dataset = knowing(CIFAR10, PHOTOGRAPHS, files)
    get_file = keras.src.datasets.cifar10.get_file
    mine = hashlib.sha256(photographs).hexdigest()
    monkeypatch.setattr(
        keras.src.datasets.cifar10, "get_file", lambda **options: get_file(**{**options, "file_hash": mine})
    )
    fetch_if_missing(dataset, datasets_path, PHOTOGRAPHS)
    opened = open_arrays(dataset, datasets_path)
    assert {split: opened.images(split).shape for split in PHOTOGRAPHS} == {
        "train": (50_000, 32, 32, 3),
        "test": (10_000, 32, 32, 3),
    }
    assert opened.images("train")[41_234, 5, 7].tolist() == [200, 100, 50]
    assert opened.images("train")[41_234, 0, :2, 0].tolist() == [41_234 // 256, 41_234 % 256]
    assert opened.images("test")[99, 0, :2, 0].tolist() == [50_099 // 256, 50_099 % 256]
    assert opened.labels("test")[:12].tolist() == [*range(10), 0, 1]


def test_the_checksums_are_those_that_keras_and_the_publishers_tell() -> None:
    assert isinstance(CIFAR10.origin, KerasFiles)
    (checksum,) = CIFAR10.origin.checksums.values()
    source = Path(keras.src.datasets.cifar10.__file__).read_text()
    assert f'"{checksum}"' in source
    assert isinstance(FASHION_MNIST.origin, KerasFiles)
    names = Path(keras.src.datasets.fashion_mnist.__file__).read_text()
    assert all(f'"{Path(path).name}"' in names for path in FASHION_MNIST.origin.checksums)


@pytest.mark.parametrize("dataset", [FASHION_MNIST, CIFAR10], ids=lambda dataset: dataset.name)
def test_the_classes_are_those_of_keras_documentation_in_its_order(dataset: Dataset) -> None:
    module = getattr(keras.src.datasets, dataset.name)
    rows = [line.split("|") for line in module.load_data.__doc__.splitlines() if line.strip().startswith("|")]
    told = [row[2].strip() for row in rows if row[1].strip().isdigit()]
    assert list(dataset.classes) == told
