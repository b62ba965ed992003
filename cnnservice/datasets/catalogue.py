"""The data sets there are: those built in, and those that clients brought."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from obstore.store import ObjectStore
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cnnservice.database.engine import Database
from cnnservice.database.tables import Job, UploadedDataset
from cnnservice.database.viewer import Viewer
from cnnservice.datasets.arrays import DatasetArrays, open_arrays
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import BuiltIn, DatasetInUse, NameTaken, UnknownDataset
from cnnservice.datasets.registry import DATASETS
from cnnservice.datasets.uploaded import (
    Record,
    Upload,
    bring_upload,
    dataset_of,
    delete_upload,
    is_stored,
    put_upload,
)

# Names that an error tells; there may be thousands.
_NAMES_TOLD = 20
# Would be read as a reference to an uploaded picture.
_RESERVED = "upload"


class Catalogue:
    """Finds the data sets that the database's viewer may see by name, and opens them wherever their arrays are."""

    def __init__(self, database: Database, store: ObjectStore, datasets_path: Path) -> None:
        self.datasets_path = datasets_path
        self._database, self._store = database, store

    def seen_by(self, viewer: Viewer) -> Catalogue:
        """The same catalogue as this viewer sees it."""
        return Catalogue(self._database.seen_by(viewer), self._store, self.datasets_path)

    def get(self, name: str) -> Dataset:
        """The data set of that name. Raises UnknownDataset."""
        if name in DATASETS:
            return DATASETS[name]
        with self._database.read() as session:
            row = session.get(UploadedDataset, name)
        if row is None or row.deleted_at is not None or not self._viewer.may_see(row.owner):
            raise UnknownDataset(name, known=_told([dataset.name for dataset in self.all()]))
        return dataset_of(name, row.record)

    def all(self) -> list[Dataset]:
        """Those built in, then those uploaded, by name."""
        query = select(UploadedDataset).where(UploadedDataset.deleted_at.is_(None)).order_by(UploadedDataset.name)
        with self._database.read() as session:
            rows = session.scalars(self._viewer.among(query, UploadedDataset.owner)).all()
        return [*DATASETS.values(), *(dataset_of(row.name, row.record) for row in rows)]

    def open(
        self, dataset: Dataset, *, train_samples: int | None = None, test_samples: int | None = None
    ) -> DatasetArrays:
        """See open_arrays. Raises DatasetDeleted and DamagedDataset besides."""
        if isinstance(dataset.origin, Upload):
            bring_upload(self._store, dataset, dataset.origin, self.datasets_path)
        return open_arrays(dataset, self.datasets_path, train_samples=train_samples, test_samples=test_samples)

    def add(self, name: str, record: Record, folder: Path, *, now: float) -> Dataset:
        """Give a name to the content whose arrays lie in a folder, which is used up.

        A name means the same images for ever, because answers that hold them are cached for ever: the same content
        under the same name is no conflict, also after a deletion. Raises NameTaken.
        """
        dataset = dataset_of(name, record)
        upload = dataset.origin
        assert isinstance(upload, Upload)
        self._check_name(name, upload.sha256)
        stored = False
        while not stored:
            put_upload(self._store, upload, folder)
            with self._database.write() as session:
                _lock(session)
                row = session.get(UploadedDataset, name)
                self._check_free(name, row, upload.sha256)
                # A deletion of the same content under another name may have come in between.
                stored = is_stored(self._store, upload)
                if stored and row is None:
                    owner = self._viewer.owner
                    session.add(
                        UploadedDataset(name=name, sha256=upload.sha256, record=record, created_at=now, owner=owner)
                    )
                elif stored and row is not None:
                    row.deleted_at = None
        local = upload.folder(self.datasets_path)
        local.parent.mkdir(parents=True, exist_ok=True)
        if not local.exists():
            folder.replace(local)
        return dataset

    def _check_name(self, name: str, sha256: str) -> None:
        if name in DATASETS or name == _RESERVED:
            raise NameTaken(name)
        with self._database.read() as session:
            row = session.get(UploadedDataset, name)
        self._check_free(name, row, sha256)

    def _check_free(self, name: str, row: UploadedDataset | None, sha256: str) -> None:
        if row is not None and (row.sha256 != sha256 or not self._viewer.may_see(row.owner)):
            raise NameTaken(name, deleted=row.deleted_at is not None)

    @property
    def _viewer(self) -> Viewer:
        return self._database.viewer

    def remove(self, name: str, *, now: float) -> None:
        """Delete an uploaded data set with its images. Raises UnknownDataset, BuiltIn, DatasetInUse."""
        if name in DATASETS:
            raise BuiltIn(name)
        dataset = self.get(name)
        upload = dataset.origin
        assert isinstance(upload, Upload)
        with self._database.write() as session:
            _lock(session)
            live = select(Job.id).where(Job.dataset == name, Job.status.in_(("queued", "running")))
            if users := list(session.scalars(live.order_by(Job.id))):
                raise DatasetInUse(name, users)
            row = session.get_one(UploadedDataset, name)
            row.deleted_at = now
            others = select(UploadedDataset.name).where(
                UploadedDataset.sha256 == upload.sha256,
                UploadedDataset.name != name,
                UploadedDataset.deleted_at.is_(None),
            )
            shared = session.scalar(others.limit(1)) is not None
            if not shared:
                delete_upload(self._store, upload)
        if not shared:
            shutil.rmtree(upload.folder(self.datasets_path), ignore_errors=True)


@contextmanager
def unnamed(database: Database, contents: Collection[str]) -> Iterator[set[str]]:
    """Those of these contents that no data set has, nor will have until the block ends."""
    with database.write() as session:
        _lock(session)
        named = select(UploadedDataset.sha256).where(
            UploadedDataset.sha256.in_(contents), UploadedDataset.deleted_at.is_(None)
        )
        yield set(contents) - set(session.scalars(named))


def hold_dataset(session: Session, name: str, sha256: str) -> None:
    """Keep a data set from being deleted until the transaction ends. Raises UnknownDataset where it has been."""
    _lock(session)
    row = session.get(UploadedDataset, name)
    if row is None or row.deleted_at is not None or row.sha256 != sha256:
        raise UnknownDataset(name, known=_told(DATASETS))


def _lock(session: Session) -> None:
    # SQLite's writers take turns as it is.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {UploadedDataset.__tablename__} IN EXCLUSIVE MODE"))


def _told(names: Iterable[str]) -> list[str]:
    told = list(names)
    return told if len(told) <= _NAMES_TOLD else [*told[:_NAMES_TOLD], "…"]
