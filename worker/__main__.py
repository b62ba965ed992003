"""Start a worker: `python -m worker train`, `train.gpu` or `inspect`."""

from __future__ import annotations

import logging
import os
import sys

from cnnservice.broker import GPU_QUEUE, INSPECT_QUEUE, TRAIN_QUEUE
from cnnservice.settings import Settings

# One run at a time in a child of its own.
_TRAINING = ["--pool=prefork", "--concurrency=1", "--disable-prefetch"]
_OPTIONS = {
    TRAIN_QUEUE: [f"--queues={TRAIN_QUEUE}", *_TRAINING],
    # On the GPU that CUDA_VISIBLE_DEVICES leaves it; what asks for none is run on it as well.
    GPU_QUEUE: [f"--queues={GPU_QUEUE},{TRAIN_QUEUE}", *_TRAINING],
    # One thread answers from warm models, which are not for two at once, and one does what takes long: see alone.py.
    INSPECT_QUEUE: [f"--queues={INSPECT_QUEUE}", "--pool=threads", "--concurrency=2"],
}


def main() -> None:
    """Run until told to stop."""
    if len(sys.argv) != 2 or sys.argv[1] not in _OPTIONS:
        sys.exit(f"usage: python -m worker {'|'.join(_OPTIONS)}")
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
    app.worker_main([*quiet, "worker", f"--hostname={queue}-{os.getpid()}@%h", *options, *_OPTIONS[queue]])


if __name__ == "__main__":
    main()
