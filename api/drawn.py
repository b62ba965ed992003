"""What this process draws: cnnservice.drawing's functions from arrays to pictures, each timed and traced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Histogram

from cnnservice.drawing import animation, confusion, film, grid, plot, scatter, scatter_animation, similarity
from cnnservice.telemetry.tracing import span

P = ParamSpec("P")
Picture = TypeVar("Picture", bytes, str)
_FORMATS = ("png", "svg", "html", "gif", "webp")
# A tile takes less than a millisecond, and a film seconds.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SECONDS = Histogram("cnnservice_render_seconds", "Time that drawing takes", ["format"], buckets=_BUCKETS)
for _name in _FORMATS:
    _SECONDS.labels(_name)


def _timed(name: str, draw: Callable[P, Picture]) -> Callable[P, Picture]:
    seconds = _SECONDS.labels(name)

    @wraps(draw)
    def timed(*args: P.args, **kwargs: P.kwargs) -> Picture:
        with span(f"draw {name}"), seconds.time():
            return draw(*args, **kwargs)

    return timed


draw_slices = _timed("png", grid.draw_slices)
draw_images = _timed("png", grid.draw_images)
draw_plot_png = _timed("png", plot.draw_plot_png)
draw_plot_svg = _timed("svg", plot.draw_plot_svg)
draw_confusion_png = _timed("png", confusion.draw_confusion_png)
draw_similarity_png = _timed("png", similarity.draw_similarity_png)
draw_scatter_png = _timed("png", scatter.draw_scatter_png)
scatter_html = _timed("html", scatter_animation.scatter_html)
scatter_films = {name: _timed(name, partial(scatter_animation.scatter_film, name)) for name in ("gif", "webp")}
animation_html = _timed("html", animation.animation_html)
animation_gif = _timed("gif", film.animation_gif)
animation_webp = _timed("webp", film.animation_webp)
