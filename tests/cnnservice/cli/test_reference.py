"""The page of settings is the settings."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cnnservice.cli import app
from cnnservice.settings import Settings

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_is_what_the_command_makes() -> None:
    made = CliRunner().invoke(app, ["settings"])
    assert made.exit_code == 0
    assert PAGE.read_text() == made.stdout, "run: cnnservice settings > docs/settings.md"


def test_the_page_has_every_setting_once_with_what_it_means() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `CNNSERVICE_")]
    assert sorted(row[0] for row in rows) == sorted(f"| `CNNSERVICE_{name.upper()}`" for name in Settings.model_fields)
    assert not [row[0] for row in rows if row[-1].removesuffix(" |") in ("", "None")]
