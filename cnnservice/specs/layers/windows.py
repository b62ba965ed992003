"""Windows that slide over images: kernels and pools. Source: Keras' convolution arithmetic, arXiv 1603.07285."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from cnnservice.specs.layers.base import PositiveInt, Shape, ShapeMismatch

Padding = Literal["valid", "same"]

WHAT = {1: "steps, channels", 2: "height, width, channels", 3: "depth, height, width, channels"}


def repeated(times: int) -> Callable[[object], object]:
    """As in Keras: one integer stands for all sides."""

    def repeat(value: object) -> object:
        return (value,) * times if isinstance(value, int) and not isinstance(value, bool) else value

    return repeat


def _sides(rank: int, said: Any) -> BeforeValidator:
    return BeforeValidator(repeated(rank), json_schema_input_type=PositiveInt | said)


Single = Annotated[tuple[PositiveInt], _sides(1, tuple[PositiveInt])]
Pair = Annotated[tuple[PositiveInt, PositiveInt], _sides(2, tuple[PositiveInt, PositiveInt])]
Triple = Annotated[
    tuple[PositiveInt, PositiveInt, PositiveInt], _sides(3, tuple[PositiveInt, PositiveInt, PositiveInt])
]
Sides = tuple[Any, ...]


def by(sides: Sides) -> str:
    """Sides as people write them: 5x5."""
    return "x".join(map(str, sides))


def window_steps(size: int, reach: int, stride: int, padding: str) -> int:
    """In how many places a window stands along one side."""
    return (size - reach) // stride + 1 if padding == "valid" else -(-size // stride)


def window_output(
    input_shape: Shape, window: Sides, strides: Sides, padding: str, what: str, dilation: Sides | None = None
) -> Shape:
    """The sides that a window sliding over (…sides, C) makes. Raises ShapeMismatch when it does not fit."""
    sides = input_shape[:-1]
    reach = tuple(d * (w - 1) + 1 for w, d in zip(window, dilation or (1,) * len(window), strict=True))
    if padding == "valid" and any(r > side for r, side in zip(reach, sides, strict=True)):
        raise ShapeMismatch(
            f"{what} {by(reach)} is larger than its input {by(sides)}; "
            f"at most {by(sides)} fits with padding 'valid', or use padding 'same'"
        )
    return tuple(window_steps(size, r, s, padding) for size, r, s in zip(sides, reach, strides, strict=True))
