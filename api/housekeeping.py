"""Now and then, delete what is too old to be kept, and what nobody names.

All of it is decided by the database; any number of API processes may do it side by side.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from cnnservice.database.engine import Database
from cnnservice.keeping.garbage import collect_garbage
from cnnservice.keeping.leftovers import clear_leftovers
from cnnservice.keeping.retention import delete_what_is_old
from cnnservice.settings import Settings
from cnnservice.store import StoreUnavailable
from cnnservice.weights import CheckpointStore

_log = logging.getLogger(__name__)


class Housekeeping:
    """A thread of its own: a round may take long, and jobs must not wait for it."""

    def __init__(self, settings: Settings, database: Database, checkpoints: CheckpointStore) -> None:
        self._settings, self._database, self._checkpoints = settings, database, checkpoints
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin, with the first round after a while: a service that starts has other things to do."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no round any more. One that is under way is not waited for: what it does may be cut off anywhere."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._settings.housekeeping_seconds):
            try:
                self._round()
            except (SQLAlchemyError, StoreUnavailable) as error:
                _log.warning("housekeeping waits for its next round: %s", error)
            except Exception:
                _log.exception("a round of housekeeping failed")

    def _round(self) -> None:
        settings, database, checkpoints = self._settings, self._database, self._checkpoints
        now = time.time()
        delete_what_is_old(database, checkpoints, settings, now=now)
        garbage = collect_garbage(database, checkpoints, delete=True)
        left = clear_leftovers(database, checkpoints.store, settings.datasets_path, now=now, delete=True)
        if garbage or left:
            _log.info("deleted %s files that no row names, and %s that were left over", len(garbage), len(left))
