"""What is backed up comes back whole, wherever to; what is not whole does not come back, and is told."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import obstore
import pytest
from obstore.store import LocalStore
from sqlalchemy import insert

from cnnservice import job_errors, job_queries, jobs, models
from cnnservice.database.engine import Database
from cnnservice.database.migrate import current, revisions, upgrade
from cnnservice.database.tables import Epoch
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.keeping import backup
from cnnservice.keeping.archive import MANIFEST, BackupError
from cnnservice.keeping.backup import back_up
from cnnservice.keeping.deletion import remove_rows
from cnnservice.keeping.restore import restore
from cnnservice.keeping.rows import Dump
from cnnservice.store import open_store
from cnnservice.weights import DamagedFile
from filled import CHILD, DATASET, ENDED, NOW, RUNNING, WAITING, Filled, fill
from servers import PostgresServer, S3Server, folder_outside


def empty(folder: Path) -> Filled:
    folder.mkdir()
    return opened(folder)


def opened(folder: Path) -> Filled:
    return Filled(Database(f"sqlite:///{folder / 'jobs.db'}"), LocalStore(folder / "store", mkdir=True), folder)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once, as every commit waits for the disk."""
    filled = empty(tmp_path_factory.mktemp("template") / "filled")
    upgrade(filled.database)
    fill(filled)
    filled.database.close()
    return filled.folder


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Iterator[Filled]:
    shutil.copytree(template, tmp_path / "filled")
    filled = opened(tmp_path / "filled")
    yield filled
    filled.database.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Filled]:
    other = empty(tmp_path / "other")
    yield other
    other.database.close()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filled]:
    """PostgreSQL and S3, empty."""
    with ExitStack() as end:
        postgres = PostgresServer(end.enter_context(folder_outside("postgres")))
        bucket = S3Server(end.enter_context(folder_outside("s3")))
        for server in (postgres, bucket):
            server.start()
            end.callback(server.stop)
        postgres.create()
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        store = open_store(f"s3://{bucket.BUCKET}/below")
        filled = Filled(Database(postgres.url), store, tmp_path / "elsewhere")
        end.callback(filled.database.close)
        yield filled


def test_a_backup_comes_back_the_same_in_another_database_and_store_and_again_in_the_first_kind(
    filled: Filled, elsewhere: Filled, other: Filled, tmp_path: Path
) -> None:
    rows, files = filled.rows(), filled.files()
    made = back_up(filled.database, filled.store, tmp_path, now=NOW)
    assert made.path == tmp_path / "cnnservice-20231114T221320Z.tar"
    assert made.manifest.rows == {table: len(found) for table, found in rows.items()}
    assert min(made.manifest.rows[table] for table in ("jobs", "epochs", "job_tags", "outbox", "computations")) > 0
    assert (made.manifest.files, made.manifest.bytes) == (len(files), sum(map(len, files.values())))
    assert not made.manifest.damaged
    restore(elsewhere.database, elsewhere.store, made.path)
    assert elsewhere.rows() == rows
    assert elsewhere.files() == files
    again = back_up(elsewhere.database, elsewhere.store, tmp_path / "again.tar", now=NOW)
    restore(other.database, other.store, again.path)
    assert other.rows() == rows
    assert other.files() == files


def test_what_comes_back_goes_on(filled: Filled, other: Filled, tmp_path: Path) -> None:
    restore(other.database, other.store, back_up(filled.database, filled.store, tmp_path, now=NOW).path)
    snapshot = models.open_snapshot(other.database, CHILD, 1)
    assert snapshot.file.path.startswith(f"models/{ENDED}/")
    assert models.layer_weights(other.checkpoints, snapshot, "dense")[0][1].shape == (784, 10)
    assert other.catalogue.open(other.catalogue.get(DATASET)).images("train").shape == (12, 8, 8, 1)
    (requeued,) = jobs.recover_expired(other.database, now=NOW + 60, attempt_limit=5)
    assert (requeued.id, requeued.status) == (RUNNING, "queued")
    other.train(RUNNING, 3)
    other.train(WAITING, 3)
    assert job_queries.get(other.database, RUNNING).status == "succeeded"


def test_what_is_dropped_or_deleted_while_it_is_backed_up_is_not_missed(
    filled: Filled, other: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = jobs.Claim(RUNNING, 1, 1, models.open_snapshot(filled.database, RUNNING, 1).spec, 2, NOW)
    dumped = backup.dumped

    @contextmanager
    def read_then_go_on(database: Database) -> Iterator[Dump]:
        with dumped(database) as dump:
            go_on()
            yield dump

    def go_on() -> None:
        filled.checkpoints.delete(filled.publish(claim, 2, drop=(1,)))
        filled.checkpoints.delete(remove_rows(filled.database, ENDED))
        filled.catalogue.remove(DATASET, now=NOW)

    monkeypatch.setattr(backup, "dumped", read_then_go_on)
    made = back_up(filled.database, filled.store, tmp_path, now=NOW)
    assert not made.manifest.damaged
    restore(other.database, other.store, made.path)
    assert job_queries.kept_epochs(other.database, RUNNING) == {}
    assert list(job_queries.kept_epochs(other.database, CHILD)) == [0, 1, 2, 3, 4]
    with pytest.raises(job_errors.UnknownJob):
        job_queries.get(other.database, ENDED)
    assert not other.rows()["computations"]
    with pytest.raises(UnknownDataset):
        other.catalogue.get(DATASET)
    for row in job_queries.list_epochs(other.database, CHILD):
        other.checkpoints.read_layer(models.stored_file(row), "dense")


def test_a_backup_takes_no_more_memory_for_four_times_as_many_rows(
    filled: Filled, other: Filled, tmp_path: Path
) -> None:
    def add_epochs(first: int, last: int) -> None:
        dropped = {"path": "gone", "size": 1, "header_size": 1, "header_sha256": "", "seconds": 1.0, "kept": False}
        # One long text instead of many numbers, which take long to be written.
        metrics = {"loss": "9" * 5000}
        rows = [
            {"job_id": RUNNING, "epoch": epoch, "metrics": metrics, "created_at": NOW, **dropped}
            for epoch in range(first, last)
        ]
        with filled.database.write() as session:
            session.execute(insert(Epoch), rows)

    def peak(name: str) -> int:
        tracemalloc.start()
        back_up(filled.database, filled.store, tmp_path / name, now=NOW)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    back_up(filled.database, filled.store, tmp_path / "what is made once is made", now=NOW)
    add_epochs(1000, 1250)
    once = peak("once.tar")
    add_epochs(1250, 2000)
    # The 750 rows alone take ten times as much.
    assert peak("four times.tar") < once + 300_000
    restore(other.database, other.store, tmp_path / "four times.tar")
    assert other.rows() == filled.rows()


@pytest.mark.parametrize("harm", [lambda content: content[:-1], lambda content: content[:-1] + b"?", lambda _: b""])
def test_a_damaged_file_is_told_and_left_out(
    filled: Filled, other: Filled, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    path = f"models/{CHILD}/t1/epoch-00004.safetensors"
    array = next(path for path in filled.files() if path.startswith("datasets/"))
    for each in (path, array):
        obstore.put(filled.store, each, harm(filled.files()[each]))
    made = back_up(filled.database, filled.store, tmp_path, now=NOW)
    assert made.manifest.damaged == [path, array]
    restore(other.database, other.store, made.path)
    assert set(other.files()) == set(filled.files()) - {path, array}
    assert other.rows() == filled.rows()
    damaged = models.open_snapshot(other.database, CHILD, "last").file
    with pytest.raises(DamagedFile, match="not there"):
        other.checkpoints.header(damaged)


def _store_is_not_empty(other: Filled, path: Path) -> None:
    other.upload_image(b"another picture")


def _database_is_not_empty(other: Filled, path: Path) -> None:
    upgrade(other.database)


def _cut_short(other: Filled, path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -(20 << 10)])


def _changed(other: Filled, path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)


def _no_tar(other: Filled, path: Path) -> None:
    path.write_bytes(b"nothing of the kind" * 1000)


def _newer(other: Filled, path: Path) -> None:
    rewrite(
        path,
        lambda name, content: content.replace(b'"revision": "', b'"revision": "9') if name == MANIFEST else content,
    )


def _a_way_out(other: Filled, path: Path) -> None:
    def escaped(name: str, content: bytes) -> bytes:
        return content.replace(b"files/images/", b"files/../images/") if name == MANIFEST else content

    rewrite(path, escaped, rename=lambda name: name.replace("files/images/", "files/../images/"))


def _a_link(other: Filled, path: Path) -> None:
    with tarfile.open(path, "a:") as tar:
        link = tarfile.TarInfo("files/images/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


def rewrite(path: Path, change: Callable[[str, bytes], bytes], rename: Callable[[str], str] = str) -> None:
    """The same backup, each member changed."""
    with tarfile.open(path, "r:") as tar:
        members = [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(rename(name))
            changed = change(name, content)
            member.size = len(changed)
            tar.addfile(member, io.BytesIO(changed))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_store_is_not_empty, "store is not empty.*images/"),
        (_database_is_not_empty, "database is not empty"),
        (_cut_short, "cut short|Cannot read"),
        (_changed, "checksum is another"),
        (_no_tar, "Cannot read"),
        (_newer, "does not know"),
        (_a_way_out, "no member of a backup"),
        (_a_link, "no plain file"),
    ],
)
def test_what_cannot_be_restored_is_told_and_nothing_is_written(
    filled: Filled, other: Filled, tmp_path: Path, harm: Callable[[Filled, Path], None], told: str
) -> None:
    path = back_up(filled.database, filled.store, tmp_path, now=NOW).path
    harm(other, path)
    before = other.files()
    with pytest.raises(BackupError, match=told):
        restore(other.database, other.store, path)
    assert other.files() == before
    assert not (other.folder / "jobs.db").exists() or not any(other.rows().values())


def test_a_backup_is_not_written_over_another_nor_left_half_done(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backup.tar"
    target.write_bytes(b"precious")
    with pytest.raises(BackupError, match="exists already"):
        back_up(filled.database, filled.store, target, now=NOW)
    assert target.read_bytes() == b"precious"
    monkeypatch.setattr(backup, "encode", lambda _: iter([None]))
    with pytest.raises(TypeError):
        back_up(filled.database, filled.store, tmp_path / "half.tar", now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "filled"]


def test_a_backup_of_an_older_version_is_brought_to_the_newest_schema(
    filled: Filled, other: Filled, tmp_path: Path
) -> None:
    path = back_up(filled.database, filled.store, tmp_path, now=NOW).path
    older = revisions()[revisions().index("0010") - 1]

    def as_before(name: str, content: bytes) -> bytes:
        if name == "tables/jobs.jsonl":
            rows = [json.loads(line) for line in content.splitlines()]
            for row in rows:
                del row["running_seconds"]
            return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        return content

    rewrite(path, as_before)
    with tarfile.open(path, "r:") as tar:
        jobs_then = tar.extractfile("tables/jobs.jsonl").read()  # type: ignore[union-attr]

    def manifest(name: str, content: bytes) -> bytes:
        if name != MANIFEST:
            return content
        document = json.loads(content)
        document["revision"] = older
        document["members"]["tables/jobs.jsonl"] = hashlib.sha256(jobs_then).hexdigest()
        return json.dumps(document).encode()

    rewrite(path, manifest)
    restore(other.database, other.store, path)
    assert current(other.database) == revisions()[-1]
    assert other.rows() == filled.rows()


def test_a_database_of_another_schema_is_not_backed_up(other: Filled, tmp_path: Path) -> None:
    upgrade(other.database, "0007")
    with pytest.raises(BackupError, match="cnnservice migrate"):
        back_up(other.database, other.store, tmp_path, now=NOW)
