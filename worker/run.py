"""One run of one claimed job: what it publishes, and what makes it stop."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from cnnservice import job_queries, jobs, publication
from cnnservice.database.engine import OUTAGES
from cnnservice.datasets.preprocessing import Normalizer, fit_normalizer, one_hot
from cnnservice.datasets.registry import DATASETS
from cnnservice.datasets.uploaded import dataset_of
from cnnservice.errors import CorruptError
from cnnservice.models import stored_file
from cnnservice.nn.fetch import fetch_if_missing
from cnnservice.nn.runtime import describe
from cnnservice.nn.training import Samples, Start, State, Stopped, train
from cnnservice.store import StoreUnavailable
from cnnservice.telemetry.families import EPOCHS, SAMPLES
from cnnservice.telemetry.tracing import past_span
from cnnservice.weights import DamagedFile, checkpoint_path
from worker.app import Resources
from worker.cancellation import bell
from worker.dropping import DroppedFiles
from worker.ending import tell_end
from worker.failures import too_much_memory
from worker.memory import killed_by_kernel
from worker.memory_limit import MemoryLimit
from worker.noted import Note, noted
from worker.publishing import Publisher
from worker.stopping import stopping
from worker.watchdog import end_unless_renewed, stop_watching

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 0.5
# So long after its last heartbeat a run that has not stopped by itself hangs, as TensorFlow may after a want of memory.
_LEASES_TO_A_HANG = 4
T = TypeVar("T")


class CannotGoOn(CorruptError):
    """The epoch that a job is to go on from is damaged."""

    code = "cannot-go-on"

    def __init__(self, epoch: int, damage: DamagedFile) -> None:
        super().__init__(
            f"{damage.detail} Training cannot go on from epoch {epoch}; post a job with continue_from an earlier one."
        )


class Run:
    """Follows a training as its observer, under a lease renewed by a thread."""

    def __init__(self, parts: Resources, claim: jobs.Claim) -> None:
        self.claim = claim
        self.stopped_by: Literal["cancel", "shutdown", "lease", "too-long"] | None = None
        self.seconds_allowed = parts.settings.max_job_seconds
        self._parts = parts
        self._publisher = Publisher()
        # Those of this job alone: what it goes on from was there before.
        self._epochs_done = max(claim.epochs_stored - 1 - claim.start_epoch, 0)
        # The metrics of this job's own epochs whose weights are still there.
        self._kept: dict[int, dict[str, float]] = {}
        self._dropped = DroppedFiles(parts.store)
        # Trained, in epochs: ahead of those done by what is on its way and by the batches since.
        self._trained = float(self._epochs_done)
        self._next_batch_event = 0.0
        self._beating = threading.Lock()
        self._began = self._last_beat = time.monotonic()
        self._memory = MemoryLimit(parts.settings.max_job_memory_bytes)

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Renew the lease until the block ends."""
        ended = threading.Event()
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._renew, ended), name="lease", daemon=True)
        # Before there is the thread: where memory is short it may die at birth, and start() waits for it for ever.
        end_unless_renewed(self._hangs_after)
        self._note()
        thread.start()
        try:
            yield
        finally:
            ended.set()
            bell().set()
            thread.join()
            stop_watching()

    def train(self) -> None:
        """Train to the end. Raises Stopped, Diverged, LeaseLost, DomainError."""
        _log.info("job %s begins", self.claim.job_id)
        self._publish_status("running")
        samples, normalizer = self._insist(self._samples)
        runtime, normalization = describe(), normalizer.record()
        self._insist(lambda: jobs.note_runtime(self._parts.database, self.claim, runtime, normalization))
        start = self._insist(self._start)
        try:
            with self._publisher:
                train(self.claim.spec, samples, self, start)
        finally:
            self._dropped.delete_all()

    def end(self, status: Literal["succeeded", "failed", "cancelled"], error: dict[str, Any] | None = None) -> None:
        """End the job and say so. Raises LeaseLost."""
        self._insist(lambda: self._end(status, error), ending=True)

    def _end(self, status: Literal["succeeded", "failed", "cancelled"], error: dict[str, Any] | None) -> None:
        now = time.time()
        jobs.end(self._parts.database, self.claim, status, now=now, error=error)
        _log.info("job %s %s", self.claim.job_id, status)
        tell_end(
            self._parts.events,
            self._parts.counts,
            self.claim.job_id,
            status,
            seconds=now - self.claim.started_at,
            epochs_done=self._epochs_done,
            error=error,
        )

    def release(self) -> None:
        """Give the job back, to be gone on with by the next worker. Raises LeaseLost."""
        jobs.release(self._parts.database, self.claim, now=time.time())
        self._publish_status("queued")

    def should_stop(self) -> bool:
        """See nn.training.Observer."""
        self._look_up_after_a_freeze()
        if self.stopped_by is None and stopping.is_set():
            self.stopped_by = "shutdown"
        return self.stopped_by is not None

    def batch_ended(self, epoch: int, step: int, steps: int, read_metrics: Callable[[], dict[str, float]]) -> None:
        """See nn.training.Observer."""
        self._publisher.raise_failure()
        self._trained = epoch - 1 - self.claim.start_epoch + step / steps
        now = time.monotonic()
        if now >= self._next_batch_event:
            self._next_batch_event = now + 1 / self._parts.settings.batch_events_per_second
            body = {"epoch": epoch, "step": step, "steps": steps, **read_metrics()}
            self._parts.events.append(self.claim.job_id, "batch", self._epochs_done, body)

    def epoch_ended(self, epoch: int, state: State, metrics: dict[str, float], seconds: float) -> None:
        """See nn.training.Observer. Training goes on while the epoch is stored."""
        if epoch > 0:
            past_span("epoch", seconds, {"epoch": epoch, **metrics})
        self._publisher.hand_over(lambda: self._publish(epoch, state, metrics, seconds))

    def _publish(self, epoch: int, state: State, metrics: dict[str, float], seconds: float) -> None:
        """The file is whole before its row says that it is there."""
        self._look_up_after_a_freeze()
        if self.stopped_by == "lease":
            raise Stopped
        parts, claim = self._parts, self.claim
        path = checkpoint_path(claim.job_id, claim.token, epoch)
        file = self._insist(lambda: parts.store.write(path, state, {"epoch": epoch}))
        record = publication.EpochRecord(epoch, file, metrics, seconds)
        lease_seconds, drop = parts.settings.lease_seconds, self._no_longer_kept(epoch, metrics)
        dropped = self._insist(
            lambda: publication.commit_epoch(
                parts.database, claim, record, now=time.time(), lease_seconds=lease_seconds, drop=drop
            )
        )
        self._dropped.add(dropped)
        self._epochs_done = max(epoch - claim.start_epoch, 0)
        if epoch > 0:
            body = {"epoch": epoch, "epochs": claim.last_epoch, "seconds": seconds, **metrics}
            parts.events.append(claim.job_id, "epoch", self._epochs_done, body)
            parts.counts.add(EPOCHS)
            parts.counts.add(SAMPLES, claim.spec.train_samples)
            parts.counts.publish()

    def _no_longer_kept(self, epoch: int, metrics: dict[str, float]) -> set[int]:
        keep = self.claim.spec.keep
        if isinstance(keep, str):
            return set()
        there = {**self._kept, epoch: metrics}
        kept = keep.kept(there)
        self._kept = {number: there[number] for number in kept}
        return there.keys() - kept

    def _samples(self) -> tuple[Samples, Normalizer]:
        spec, catalogue = self.claim.spec, self._parts.catalogue
        record = self.claim.dataset_record
        dataset = dataset_of(spec.dataset, record) if record else DATASETS[spec.dataset]
        counts = {"train": spec.train_samples, "test": spec.test_samples}
        fetch_if_missing(dataset, catalogue.datasets_path, counts)
        arrays = catalogue.open(dataset, train_samples=counts["train"], test_samples=counts["test"])
        # Once found, it stays: a network goes on with the inputs it knows.
        normalizer = (
            Normalizer.from_record(self.claim.normalizer)
            if self.claim.normalizer
            else fit_normalizer(spec.normalization, arrays.images("train"))
        )
        images = {split: normalizer.apply(arrays.images(split)) for split in counts}
        labels = {split: one_hot(arrays.labels(split), len(dataset.classes)) for split in counts}
        return Samples(images["train"], labels["train"], images["test"], labels["test"]), normalizer

    def _start(self) -> Start | None:
        parts, claim = self._parts, self.claim
        if claim.epochs_stored == 0:
            return None
        _, row = job_queries.get_with_epoch(parts.database, claim.job_id)
        assert row is not None, "epochs are stored without gaps"
        file = stored_file(row)
        own = job_queries.list_epochs(parts.database, claim.job_id, after=claim.start_epoch)
        # Epoch 0 is its own where it began from nothing.
        first = (
            job_queries.list_epochs(parts.database, claim.job_id, up_to=0) if claim.spec.continue_from is None else []
        )
        self._kept = {epoch.epoch: epoch.metrics for epoch in [*first, *own] if epoch.kept}
        try:
            state = parts.store.read(file, parts.store.header(file).tensors)
        except DamagedFile as damage:
            raise CannotGoOn(row.epoch, damage) from damage
        return Start(
            row.epoch,
            state,
            origin=claim.start_epoch,
            history=tuple(epoch.metrics for epoch in own),
            another=claim.spec.continue_from is not None and not own,
        )

    def _insist(self, action: Callable[[], T], *, ending: bool = False) -> T:
        """Do what may be done again, as often as it takes: the database and the store may be away for a while.

        The database is waited for without end, as nothing can be said without it; the store as long as the settings
        say. Raises StoreUnavailable; Stopped when the run is to stop meanwhile, or, where it is ending already, what
        the database raised.
        """
        deadline = time.monotonic() + self._parts.settings.store_patience_seconds
        while True:
            try:
                return action()
            except OUTAGES as error:
                _log.warning("job %s waits for the database: %s", self.claim.job_id, error)
                if ending and stopping.is_set():
                    raise
            except StoreUnavailable as error:
                _log.warning("job %s waits for the store: %s", self.claim.job_id, error.detail)
                if time.monotonic() >= deadline:
                    raise
            time.sleep(_RETRY_SECONDS)
            if not ending and self.should_stop():
                raise Stopped

    def _look_up_after_a_freeze(self) -> None:
        """Nothing is written by a process that had stopped for a lease's length before it knows that it holds it."""
        if time.monotonic() - self._last_beat > self._parts.settings.lease_seconds:
            self._beat()

    def _publish_status(self, status: str) -> None:
        body = {"status": status, "attempt": self.claim.attempt, "epochs_done": self._epochs_done}
        self._parts.events.append(self.claim.job_id, "status", self._epochs_done, body)

    def _renew(self, ended: threading.Event) -> None:
        while not ended.is_set() and self.stopped_by != "lease":
            bell().wait(self._parts.settings.heartbeat_seconds)
            bell().clear()
            if not ended.is_set():
                self._note()
                self._beat()
                end_unless_renewed(self._hangs_after)
                self._memory.enforce(self._fail_for_memory)

    def _note(self) -> None:
        noted.write(Note(self.claim.job_id, self.claim.token, killed_by_kernel()))

    def _fail_for_memory(self) -> None:
        self._end("failed", too_much_memory(self._parts.settings.max_job_memory_bytes))

    @property
    def _hangs_after(self) -> float:
        """Seconds."""
        return _LEASES_TO_A_HANG * self._parts.settings.lease_seconds

    def _beat(self) -> None:
        settings = self._parts.settings
        with self._beating:
            running_seconds = self.claim.running_seconds + time.monotonic() - self._began
            try:
                cancel_requested = jobs.heartbeat(
                    self._parts.database,
                    self.claim,
                    now=time.time(),
                    lease_seconds=settings.lease_seconds,
                    epoch_progress=min(max(self._trained - self._epochs_done, 0.0), 1.0),
                    running_seconds=running_seconds,
                )
            except jobs.LeaseLost:
                self.stopped_by = "lease"
                return
            except OUTAGES as error:
                _log.warning("job %s: the database did not take a heartbeat: %s", self.claim.job_id, error)
            else:
                if cancel_requested:
                    self.stopped_by = "cancel"
            if self.stopped_by is None and running_seconds >= self.seconds_allowed:
                self.stopped_by = "too-long"
            self._last_beat = time.monotonic()
