"""The artifact store: outages are told as such, and files behind a checksum are what was put there or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import ObjectStore

from cnnservice.store import (
    Altered,
    StoreUnavailable,
    check_stored,
    open_store,
    put_checked,
    put_whole,
    read_checked,
    read_stored,
)
from cnnservice.weights import CheckpointStore, DamagedFile
from live import free_port
from places.gate import Gate
from servers import S3Server, folder_outside

CONTENT = bytes(range(256)) * 10_000


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with folder_outside("s3") as folder:
        server = S3Server(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def gate(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    with Gate(server.endpoint) as gate:
        for name, value in {**server.environment, "AWS_ENDPOINT_URL": gate.endpoint}.items():
            monkeypatch.setenv(name, value)
        yield gate


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return open_store((tmp_path / "store").as_uri())
    request.getfixturevalue("gate")
    return open_store(f"s3://{S3Server.BUCKET}/{tmp_path.name}")


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_what_is_put_behind_a_checksum_is_read_whole(
    store: ObjectStore, tmp_path: Path, content: bytes, as_file: bool
) -> None:
    (tmp_path / "file").write_bytes(content)
    put_checked(store, "a/b", tmp_path / "file" if as_file else content)
    assert read_checked(store, "a/b") == content
    assert check_stored(store, "a/b") == len(content)
    assert b"".join(read_stored(store, "a/b", len(content))) == content


@pytest.mark.parametrize("position", [0, 31, 32, 1000, -1])
def test_one_bit_is_enough(store: ObjectStore, position: int) -> None:
    put_checked(store, "a", CONTENT)
    changed = bytearray(bytes(obstore.get(store, "a").bytes()))
    changed[position] ^= 1
    obstore.put(store, "a", bytes(changed))
    for read in (read_checked, check_stored):
        with pytest.raises(Altered):
            read(store, "a")


@pytest.mark.parametrize("length", [0, 5, 31, 32, 1000])
def test_a_shortened_file_is_altered(store: ObjectStore, length: int) -> None:
    put_checked(store, "a", CONTENT)
    obstore.put(store, "a", bytes(obstore.get(store, "a").bytes())[:length])
    for read in (read_checked, check_stored):
        with pytest.raises(Altered):
            read(store, "a")


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    for read in (read_checked, check_stored):
        with pytest.raises(FileNotFoundError):
            read(store, "a")


def test_a_bucket_without_room_takes_nothing_and_says_why(gate: Gate, tmp_path: Path) -> None:
    store = open_store(f"s3://{S3Server.BUCKET}/{tmp_path.name}")
    put_whole(store, "a", b"before")
    gate.full.set()
    for content in (b"after", b"x" * (20 << 20)):
        with pytest.raises(StoreUnavailable, match="507"):
            put_whole(store, "a", content)
    gate.full.clear()
    assert bytes(obstore.get(store, "a").bytes()) == b"before"


@pytest.mark.parametrize("size", [0, 5 << 20, (5 << 20) + 1, 24 << 20])
def test_a_file_given_in_pieces_is_one_file(store: ObjectStore, size: int) -> None:
    pieces = [b"head", memoryview(bytes(range(256)) * (size // 256 + 1))[:size], b"tail"]
    put_whole(store, "a", pieces)
    assert bytes(obstore.get(store, "a").bytes()) == b"".join(pieces)


def test_of_pieces_that_find_no_room_nothing_is_seen(gate: Gate, tmp_path: Path) -> None:
    store = open_store(f"s3://{S3Server.BUCKET}/{tmp_path.name}")
    put_whole(store, "a", b"before")
    gate.full.set()
    with pytest.raises(StoreUnavailable, match="507"):
        put_whole(store, "a", [b"head", bytes(24 << 20)])
    gate.full.clear()
    assert bytes(obstore.get(store, "a").bytes()) == b"before"


def test_a_bucket_that_is_not_there_is_an_outage(gate: Gate) -> None:
    with pytest.raises(StoreUnavailable):
        put_whole(open_store("s3://other-bucket/"), "a", b"x")


def test_a_server_that_is_away_is_an_outage_and_not_damage(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"s3://{S3Server.BUCKET}/{tmp_path.name}"
    file = CheckpointStore(open_store(url)).write("a", {}, {"epoch": 1})
    assert CheckpointStore(open_store(url)).header(file).notes == {"epoch": 1}
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable):
        CheckpointStore(open_store(url)).header(file)


def test_of_a_file_longer_or_shorter_than_it_was_nothing_is_read(store: ObjectStore) -> None:
    file = CheckpointStore(store).write("a", {}, {"epoch": 1})
    content = bytes(obstore.get(store, "a").bytes())
    for changed in (content + b"x", content[:-1], b""):
        obstore.put(store, "a", changed)
        with pytest.raises(DamagedFile):
            CheckpointStore(store).header(file)
