"""Learn at once that cancelling was asked: one subscription for the process, whatever it runs."""

from __future__ import annotations

import logging
import threading
from functools import cache

import redis

from cnnservice.events import CANCEL_CHANNEL
from worker.app import resources

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0
# Shorter than the connection's socket_timeout.
_BLOCK_SECONDS = 10.0


@cache
def bell() -> threading.Event:
    """Set whenever cancelling was asked of any job. It only says when to look: the flag is in the database."""
    ring = threading.Event()
    threading.Thread(target=_listen, args=(ring,), name="cancellation", daemon=True).start()
    return ring


def _listen(ring: threading.Event) -> None:
    while True:
        try:
            with resources().redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(CANCEL_CHANNEL)
                while True:
                    if subscription.get_message(timeout=_BLOCK_SECONDS) is not None:
                        ring.set()
        except redis.RedisError as error:
            _log.warning("cancellations come with the heartbeat until the broker is back: %s", error)
            threading.Event().wait(_RETRY_SECONDS)
