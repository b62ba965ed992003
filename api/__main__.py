"""Serve: `python -m api`."""

from __future__ import annotations

import gc
import sys

from api.memory import keep_memory_small


def main() -> None:
    """Run until told to stop."""
    keep_memory_small()
    # Nothing that is made now is garbage: looking for some takes a tenth of the start, and again at every full
    # collection later, in the middle of somebody's request.
    gc.disable()
    from api.server import make_server
    from cnnservice.exposure import ExposedWithoutKeys
    from cnnservice.settings import Settings

    try:
        server = make_server(Settings())
    except ExposedWithoutKeys as error:
        sys.exit(str(error))
    gc.freeze()
    gc.enable()
    server.run()


if __name__ == "__main__":
    main()
