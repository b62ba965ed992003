"""Print the table of ratios: `python -m benchmarks [theme …]`, each theme a module of this package."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.rows import print_rows

THEMES = (
    "drawing",
    "growth",
    "http",
    "inspection",
    "attributions",
    "training",
    "api_process",
    "database",
    "drain",
    "costs",
)


def main() -> None:
    """Measure what was asked for, or everything."""
    chosen = sys.argv[1:] or list(THEMES)
    if unknown := set(chosen) - set(THEMES):
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(THEMES)}")
    for theme in chosen:
        print(f"\n### {theme}\n")
        print_rows(import_module(f"benchmarks.{theme}").rows())


if __name__ == "__main__":
    main()
