"""Serve: `python -m api`."""

from __future__ import annotations

from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.main import create_app
from api.memory import keep_memory_small
from cnnservice.settings import Settings


class _Server(uvicorn.Server):
    """uvicorn waits for open responses before it stops, and an event stream is open until its client leaves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.services.hub.close_streams()
        super().handle_exit(sig, frame)


def main() -> None:
    """Run until told to stop."""
    keep_memory_small()
    settings = Settings()
    app = create_app(settings)
    _Server(uvicorn.Config(app, host=settings.host, port=settings.port, access_log=False)).run()


if __name__ == "__main__":
    main()
