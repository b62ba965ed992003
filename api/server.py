"""Serve the application with uvicorn."""

from __future__ import annotations

import asyncio
from functools import partial
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI

from api.connection import Connection
from api.main import create_app
from cnnservice.exposure import check_exposure
from cnnservice.settings import Settings


class Server(uvicorn.Server):
    """uvicorn waits for open responses before it stops, and an event stream is open until its client leaves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close the streams, then as uvicorn does."""
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.services.hub.close_streams()
        super().handle_exit(sig, frame)


def make_server(settings: Settings) -> Server:
    """A server for the application, ready to run. Raises ExposedWithoutKeys."""
    app = create_app(settings)
    check_exposure(settings, app.state.services.database)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        # Logging is configured by whoever runs it, and requests are logged by the application.
        access_log=False,
        log_config=None,
        http=cast("type[asyncio.Protocol]", partial(Connection, settings=settings)),
        ws="none",
    )
    return Server(config)
