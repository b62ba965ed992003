"""Log lines on stderr: text for people, or JSON for whatever collects them."""

from __future__ import annotations

import logging
import sys

from cnnservice.settings import Settings
from cnnservice.telemetry.context import fields

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(settings: Settings) -> None:
    """From now on every logger of this process writes so."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if settings.log_format == "json" else logging.Formatter(_TEXT))
    handler.addFilter(_with_fields)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    logging.captureWarnings(True)


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        ["levelname", "name", "process", "message"],
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )


def _with_fields(record: logging.LogRecord) -> bool:
    """What is bound becomes part of the record, which JSON shows and text does not."""
    vars(record).update(fields())
    return True
