"""What is asked of a sanity check."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from cnnservice.attributions.registry import METHODS, MethodName
from cnnservice.specs.base import Spec


def _split(value: Any) -> Any:
    """In a query a name may stand for several, joined by commas."""
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return [part for name in value for part in name.split(",")]
    return value


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; the methods are {', '.join(METHODS)}")
    return tuple(dict.fromkeys(names))


class SanityCheck(Spec):
    """Which methods are checked, on how many images, and how."""

    methods: Annotated[
        tuple[MethodName, ...],
        Field(min_length=1, max_length=64, description="names of methods; in a query joined by commas"),
        BeforeValidator(_split, json_schema_input_type=list[MethodName]),
        AfterValidator(_known),
    ] = tuple(METHODS)
    images: Annotated[
        int, Field(ge=1, le=100, description="test images, of each class in turn; each for the class predicted")
    ] = 10
    randomization: Annotated[
        Literal["cascading", "independent", "both"],
        Field(description="weights made random from the last layer down, one more at each step; one layer alone; both"),
    ] = "both"
    data_randomization: Annotated[
        bool, Field(description="compare with a network trained to know random labels by heart, too")
    ] = False
    data_samples: Annotated[int, Field(ge=10, le=100_000, description="training images whose labels are permuted")] = (
        1000
    )
    data_epochs: Annotated[
        int, Field(ge=1, le=1000, description="at most; less once 95 % of the random labels are known")
    ] = 200
    seed: Annotated[int, Field(ge=0, lt=1 << 31, description="of random weights and labels")] = 0
