"""Start a worker: `python -m worker train` or `python -m worker inspect`."""

from __future__ import annotations

import logging
import os
import sys

from cnnservice.broker import INSPECT_QUEUE, TRAIN_QUEUE
from cnnservice.settings import Settings

_POOLS = {
    # One run at a time in a child of its own.
    TRAIN_QUEUE: ["--pool=prefork", "--concurrency=1", "--disable-prefetch"],
    # One thread answers from warm models, which are not for two at once, and one does what takes long: see alone.py.
    INSPECT_QUEUE: ["--pool=threads", "--concurrency=2"],
}


def main() -> None:
    """Run until told to stop."""
    if len(sys.argv) != 2 or sys.argv[1] not in _POOLS:
        sys.exit(f"usage: python -m worker {'|'.join(_POOLS)}")
    queue = sys.argv[1]
    # Where Keras' loaders keep what they fetch; TensorFlow's notes on the CPU it found are nobody's concern here.
    os.environ["KERAS_HOME"] = str(Settings().data_path)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from worker.app import app, settings

    if queue == INSPECT_QUEUE:
        # A line when a wake-up is received, and one when it is done: for each picture that somebody looks at.
        for chatty in ("celery.worker.strategy", "celery.app.trace"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    # Its banner is for people.
    quiet = ["--quiet"] if settings.log_format == "json" else []
    options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(
        [*quiet, "worker", f"--queues={queue}", f"--hostname={queue}-{os.getpid()}@%h", *options, *_POOLS[queue]]
    )


if __name__ == "__main__":
    main()
