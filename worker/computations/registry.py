"""The long computations by kind. Adding one: a file beside this one, an entry here, its name in
cnnservice.computations.
"""

from __future__ import annotations

from collections.abc import Callable

from cnnservice.computations import Kind
from cnnservice.results import Result
from worker.computations.embedding import embedding
from worker.computations.maximization import maximization
from worker.computations.sanity_check import sanity_check
from worker.computations.similarity import similarity
from worker.computations.top_images import top_images
from worker.computations.work import Work

COMPUTATIONS: dict[Kind, Callable[[Work], Result]] = {
    "maximization": maximization,
    "sanity_check": sanity_check,
    "embedding": embedding,
    "similarity": similarity,
    "top_images": top_images,
}
