"""What tests of the page ask of it."""

from __future__ import annotations

from playwright.sync_api import Page


def quiet(page: Page) -> None:
    """Wait until every picture asked for is shown."""
    page.wait_for_function(
        """() => {
          const frames = [...document.querySelectorAll('.frame')].filter(frame => frame.checkVisibility());
          return frames.length > 0 && frames.every(frame => !frame.matches('[aria-busy], .skeleton'));
        }"""
    )


def shown(page: Page) -> list[str]:
    """The address of every picture that is seen."""
    paths: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('.frame[data-path]')]"
        ".filter(frame => frame.checkVisibility()).map(frame => frame.dataset.path)"
    )
    return paths
