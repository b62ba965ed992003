"""Print the table of ratios."""

from __future__ import annotations

from benchmarks.drawing import animation_page, filter_grid
from benchmarks.pairs import report

if __name__ == "__main__":
    report([filter_grid(4, 8), filter_grid(8, 8), animation_page(30, 64)])
