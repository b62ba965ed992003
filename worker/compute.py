"""Long computations, on the inspect queue: one after the other, beside what is answered at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from cnnservice import computations
from cnnservice.broker import COMPUTE_TASK
from cnnservice.computations import Kind
from cnnservice.database.engine import OUTAGES
from cnnservice.errors import DomainError, FaultError, UnavailableError
from cnnservice.results import Result, delete_result, put_result
from cnnservice.store import StoreUnavailable
from worker.alone import Alone
from worker.app import Resources, app, resources
from worker.attempt import Attempt, Stopped
from worker.computations.registry import COMPUTATIONS
from worker.computations.work import Work
from worker.following import followed
from worker.stopping import stopping

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 0.5


class OutOfMemory(UnavailableError):
    """The computation needs more memory than there is now."""

    code = "out-of-memory"
    title = "Out of memory"

    def __init__(self) -> None:
        super().__init__("The inspect worker ran out of memory. Ask for less at once, or try again later.")


class ComputationFailed(FaultError):
    """It failed in a way that nobody has foreseen."""

    code = "computation-failed"
    title = "Computation failed"


@app.task(name=COMPUTE_TASK)  # type: ignore[untyped-decorator]
def compute() -> None:
    """Do all that waits, unless another thread is at it."""
    _do_all_that_waits()


def _work() -> None:
    parts = resources()
    try:
        while not stopping.is_set() and (claim := _claim(parts)) is not None:
            carry_out(parts, claim, COMPUTATIONS)
    except OUTAGES as error:
        # A message comes again for what waits, and what was begun is begun anew when its lease has run out.
        _log.warning("computations are left as they are, the database is away: %s", error)


_do_all_that_waits = Alone(_work)


def _claim(parts: Resources) -> computations.Claim | None:
    return computations.claim_next(
        parts.database, owner=parts.owner, now=time.time(), lease_seconds=parts.settings.lease_seconds
    )


def carry_out(parts: Resources, claim: computations.Claim, kinds: Mapping[Kind, Callable[[Work], Result]]) -> None:
    """Do what was claimed and say how it ended. Raises OUTAGES when the database is away and this worker stops."""
    attempt = Attempt(parts, claim)
    try:
        with followed(parts.askers.of(claim.computation_id), claim.kind, **_told(claim)), attempt.lease():
            _do(parts, attempt, kinds)
    except computations.ClaimLost:
        _log.warning("computation %s: no longer this worker's", claim.computation_id)
        _leave_no_orphan(parts, claim)
    parts.events.ring(claim.computation_id)


def _told(claim: computations.Claim) -> dict[str, str | int]:
    return {"computation_id": claim.computation_id, "model_id": claim.model_id, "attempt": claim.attempt}


def _do(parts: Resources, attempt: Attempt, kinds: Mapping[Kind, Callable[[Work], Result]]) -> None:
    from cnnservice.nn.runtime import OUT_OF_MEMORY

    claim = attempt.claim
    work = Work(parts, claim.model_id, claim.arguments, attempt.report)
    try:
        result = kinds[claim.kind](work)
        put_result(parts.store.store, claim.model_id, claim.computation_id, result)
    except Stopped:
        computations.release(parts.database, claim)
    except OUTAGES:
        raise
    except DomainError as error:
        _end(parts, claim, error)
    except OUT_OF_MEMORY:
        _end(parts, claim, OutOfMemory())
    except Exception as error:
        _log.exception("computation %s (%s of model %s) failed", claim.computation_id, claim.kind, claim.model_id)
        what = f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')[:500]}"
        _end(parts, claim, ComputationFailed(f"The {claim.kind} failed with {what}. The worker's log says more."))
    else:
        _end(parts, claim, None)


def _end(parts: Resources, claim: computations.Claim, error: DomainError | None) -> None:
    """However long the database is away, minutes of work are not to be done again for it. Raises ClaimLost."""
    while True:
        try:
            if error is None:
                computations.succeed(parts.database, claim, now=time.time())
            else:
                computations.fail(parts.database, claim, error, now=time.time())
            return
        except OUTAGES as outage:
            if stopping.is_set():
                raise
            _log.warning("computation %s waits for the database: %s", claim.computation_id, outage)
            time.sleep(_RETRY_SECONDS)


def _leave_no_orphan(parts: Resources, claim: computations.Claim) -> None:
    """Remove what was stored after the computation was deleted; if another has it now, it stores the same."""
    try:
        computations.get(parts.database, claim.computation_id)
    except computations.UnknownComputation:
        try:
            delete_result(parts.store.store, claim.model_id, claim.computation_id)
        except StoreUnavailable as error:
            _log.warning("the result of computation %s is left over: %s", claim.computation_id, error.detail)
