"""What every command needs: words on the terminal, and the settings or an end that says which of them is wrong."""

from __future__ import annotations

import contextlib

import typer
from pydantic import ValidationError
from rich.console import Console

from cnnservice.settings import Settings

console = Console()


def say(text: str, style: str | None = None) -> None:
    """A line on the terminal."""
    # Stopping must not fail because nobody listens: a closed terminal is an OSError, and rich exits at a closed pipe.
    with contextlib.suppress(OSError, SystemExit):
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def settings_or_exit() -> Settings:
    """The settings. Raises typer.Exit."""
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "CNNSERVICE_" + "_".join(map(str, wrong["loc"])).upper()
            say(f"{name} is {wrong['input']!r}: {wrong['msg']}", style="red")
        raise typer.Exit(2) from None
