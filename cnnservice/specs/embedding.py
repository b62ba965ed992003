"""How a representation is laid out in the plane."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cnnservice.specs.base import Spec
from cnnservice.specs.errors import BadSetting

Method = Literal["pca", "umap", "tsne"]
LEAST_IMAGES = 5
# t-SNE and UMAP see so many principal components of what is wider; t-SNE's paper, section 4.2, took 30.
MOST_DIMENSIONS = 50

_PERPLEXITY, _NEIGHBORS, _MIN_DIST = 30.0, 15, 0.1
# Which method each parameter is of.
_OWNERS: dict[str, Method] = {"perplexity": "tsne", "neighbors": "umap", "min_dist": "umap"}


class Projection(Spec):
    """The method, and its parameters; of another method none may be given.

    Sources: t-SNE, JMLR 9 (2008) 2579; UMAP, arXiv 1802.03426.
    """

    method: Annotated[
        Method,
        Field(description="pca: the plane of most variance; umap, tsne: neighbours stay neighbours, distances do not"),
    ] = "pca"
    perplexity: Annotated[
        float | None,
        Field(ge=1, le=500, description="of tsne: about how many neighbours a point has; 30 when not given"),
    ] = None
    neighbors: Annotated[
        int | None, Field(ge=2, le=500, description="of umap: how many neighbours a point has; 15 when not given")
    ] = None
    min_dist: Annotated[
        float | None,
        Field(ge=0, le=0.99, description="of umap: how close points may lie; 0.1 when not given"),
    ] = None
    seed: Annotated[int, Field(ge=0, lt=1 << 32, description="of umap and tsne; pca has no randomness")] = 0

    @model_validator(mode="after")
    def _of_this_method(self) -> Projection:
        for name, owner in _OWNERS.items():
            if getattr(self, name) is not None and owner != self.method:
                raise ValueError(f"{name} is a parameter of {owner}; the method is {self.method}")
        return self


def resolved(projection: Projection, images: int) -> Projection:
    """The same with every parameter of its method said, those not given as so many images admit. Raises BadSetting."""
    if images < LEAST_IMAGES:
        raise BadSetting("?images", f"There are {images} images; an embedding needs at least {LEAST_IMAGES}.")
    given = projection.model_dump(include={"method", "seed"})
    if projection.method == "tsne":
        # A third, as in van der Maaten's implementation.
        given["perplexity"] = projection.perplexity or min(_PERPLEXITY, (images - 1) / 3)
        _check("perplexity", given["perplexity"], images)
    if projection.method == "umap":
        given["neighbors"] = projection.neighbors or min(_NEIGHBORS, images - 1)
        given["min_dist"] = _MIN_DIST if projection.min_dist is None else projection.min_dist
        _check("neighbors", given["neighbors"], images)
    return Projection(**given)


def _check(name: str, value: float, images: int) -> None:
    if value >= images:
        raise BadSetting(f"?{name}", f"{name} is {value:g}; it must be below the number of images, which is {images}.")
