"""Uploaded data sets are kept by content, opened anywhere, and go when nobody needs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice import job_queries, jobs, submission
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.errors import BuiltIn, DatasetDeleted, DatasetInUse, NameTaken, UnknownDataset
from cnnservice.datasets.incoming.draft import write_array, write_labels
from cnnservice.datasets.uploaded import DamagedDataset, Record, content_record, dataset_of, record_of
from cnnservice.specs.job import JobSpec
from cnnservice.store import open_store

JOB = "00000000-0000-7000-8000-000000000000"
Draft = Callable[[int], tuple[Record, Path]]


@pytest.fixture
def draft(tmp_path: Path, small_arrays: dict[str, NDArray[np.uint8]]) -> Draft:
    """Makes a content that is another for each number, in a folder that is used up."""

    def _draft(number: int) -> tuple[Record, Path]:
        folder = tmp_path / "draft"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        files = {}
        for split in ("train", "test"):
            images = (small_arrays[f"x_{split}"] + number).astype(np.uint8)[..., np.newaxis]
            files[f"x_{split}"] = write_array(folder, f"x_{split}", images.shape, "|u1", [images.tobytes()])
            labels = small_arrays[f"y_{split}"].astype(np.int64)
            files[f"y_{split}"] = write_labels(folder, f"y_{split}", labels)
        record = content_record(
            shape=(6, 5, 1), classes=("a", "b", "c"), splits={"train": 50, "test": 20}, background=7, files=files
        )
        return record, folder

    return _draft


@pytest.fixture
def elsewhere(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    """The same service on a machine that has none of the files yet."""
    database = Database(f"sqlite:///{tmp_path / 'catalogue.db'}")
    upgrade(database)
    return Catalogue(database, open_store((tmp_path / "artifacts").as_uri()), tmp_path / "elsewhere")


def test_what_is_added_is_opened_here_and_elsewhere(
    catalogue: Catalogue, elsewhere: Catalogue, draft: Draft, small_arrays: dict[str, NDArray[np.uint8]]
) -> None:
    catalogue.add("mine", *draft(0), now=1.0)
    for one in (catalogue, elsewhere):
        dataset = one.get("mine")
        assert (dataset.shape, dataset.classes, dataset.background) == ((6, 5, 1), ("a", "b", "c"), 7)
        assert [entry.name for entry in one.all()][-1] == "mine"
        arrays = one.open(dataset, train_samples=9)
        np.testing.assert_array_equal(arrays.images("train")[..., 0], small_arrays["x_train"][:9])
        np.testing.assert_array_equal(arrays.labels("test"), small_arrays["y_test"])


def test_a_record_makes_the_data_set_again(catalogue: Catalogue, draft: Draft) -> None:
    dataset = catalogue.add("mine", *draft(0), now=1.0)
    record = record_of(dataset)
    assert record is not None
    again = dataset_of("mine", record)
    assert vars(again) == vars(dataset)
    assert record_of(catalogue.get("mnist")) is None


def test_a_name_means_the_same_images_for_ever(catalogue: Catalogue, draft: Draft) -> None:
    catalogue.add("mine", *draft(0), now=1.0)
    catalogue.add("mine", *draft(0), now=2.0)
    with pytest.raises(NameTaken, match="is taken"):
        catalogue.add("mine", *draft(1), now=3.0)
    catalogue.remove("mine", now=4.0)
    with pytest.raises(NameTaken, match="once stood for other images"):
        catalogue.add("mine", *draft(1), now=5.0)
    catalogue.add("mine", *draft(0), now=6.0)
    assert catalogue.open(catalogue.get("mine")).count("train") == 50


@pytest.mark.parametrize("name", ["mnist", "cifar10", "upload"])
def test_the_names_of_what_is_built_in_are_taken(name: str, catalogue: Catalogue, draft: Draft) -> None:
    with pytest.raises(NameTaken):
        catalogue.add(name, *draft(0), now=1.0)


def test_deleted_images_are_gone_everywhere_but_where_another_name_has_them(
    catalogue: Catalogue, elsewhere: Catalogue, draft: Draft, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        catalogue.add(name, *draft(0), now=1.0)
    stored = list((tmp_path / "artifacts").rglob("*.npy"))
    assert len(stored) == 4
    catalogue.remove("one", now=2.0)
    with pytest.raises(UnknownDataset):
        catalogue.get("one")
    assert elsewhere.open(elsewhere.get("two")).count("test") == 20
    kept = catalogue.get("two")
    catalogue.remove("two", now=3.0)
    assert not list((tmp_path / "artifacts").rglob("*.npy"))
    assert not list((tmp_path / "datasets").rglob("*.npy"))
    with pytest.raises(DatasetDeleted, match="brings it back"):
        catalogue.open(kept)
    with pytest.raises(UnknownDataset):
        catalogue.remove("two", now=4.0)


def test_what_is_built_in_stays(catalogue: Catalogue) -> None:
    with pytest.raises(BuiltIn):
        catalogue.remove("mnist", now=1.0)
    with pytest.raises(UnknownDataset):
        catalogue.remove("nothing", now=1.0)


def test_a_data_set_that_a_live_job_reads_stays_and_a_deleted_one_begins_no_job(
    catalogue: Catalogue, draft: Draft, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'catalogue.db'}")
    record = record_of(catalogue.add("mine", *draft(0), now=1.0))
    submission.submit(database, JobSpec(dataset="mine"), job_id=JOB, now=2.0, dataset_record=record)
    with pytest.raises(DatasetInUse, match=f"job {JOB}"):
        catalogue.remove("mine", now=3.0)
    jobs.cancel(database, JOB, now=4.0)
    catalogue.remove("mine", now=5.0)
    with pytest.raises(UnknownDataset):
        submission.submit(
            database, JobSpec(dataset="mine"), job_id=JOB.replace("0", "1"), now=6.0, dataset_record=record
        )
    assert [job.id for job in job_queries.list_jobs(database, limit=9)] == [JOB]


def test_a_stored_array_that_was_changed_is_not_opened(
    catalogue: Catalogue, elsewhere: Catalogue, draft: Draft, tmp_path: Path
) -> None:
    catalogue.add("mine", *draft(0), now=1.0)
    (path,) = (tmp_path / "artifacts").rglob("x_test.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(DamagedDataset, match="x_test of data set 'mine'"):
            elsewhere.open(elsewhere.get("mine"))
