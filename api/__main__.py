"""Serve: `python -m api`."""

from __future__ import annotations

import gc
import sys
import warnings

from api.memory import keep_memory_small


def main() -> None:
    """Run until told to stop."""
    keep_memory_small()
    # Nothing that is made now is garbage: looking for some takes a tenth of the start, and again at every full
    # collection later, in the middle of somebody's request.
    gc.disable()
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    from api.server import make_server
    from cnnservice.exposure import ExposedWithoutKeys
    from cnnservice.settings import Settings
    from cnnservice.telemetry.logs import configure_logging
    from cnnservice.telemetry.tracing import start_tracing

    settings = Settings()
    configure_logging(settings)
    # FastAPI says nothing of it where it makes what reads a request; ours is made at its first request (`defer_build`).
    warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
    start_tracing(settings, "cnnservice-api")
    try:
        server = make_server(settings)
    except ExposedWithoutKeys as error:
        sys.exit(str(error))
    gc.freeze()
    gc.enable()
    server.run()


if __name__ == "__main__":
    main()
