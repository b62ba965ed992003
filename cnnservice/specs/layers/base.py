"""What a layer spec answers: the shape it makes, and how many parameters it has, without TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from cnnservice.specs.base import Spec

Shape = tuple[int, ...]

# What `inputs` calls the images themselves.
INPUT = "input"

# A layer's name is part of URLs and of checkpoint keys, so it has no slash.
LayerName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]{0,63}$", examples=["Conv1"])]

PositiveInt = Annotated[int, Field(ge=1, le=1 << 20)]


class ShapeMismatch(Exception):
    """A layer cannot take this input; the message says what it takes. Given its place by whoever holds the list."""


@dataclass(frozen=True)
class Parameters:
    """How many numbers a layer holds, how many of them training changes, and the arithmetic, e.g. 5*5*1*32+32."""

    count: int
    formula: str
    non_trainable: int = 0


NO_PARAMETERS = Parameters(0, "0")


class LayerSpec(Spec, ABC):
    """One layer. Arguments mean what they mean in Keras. Shapes are without the batch dimension."""

    # Whether it has a kernel that can be looked at as filters.
    has_kernel: ClassVar[bool] = False

    type: str
    name: LayerName | None = None
    trainable: Annotated[bool, Field(description="false freezes its weights")] = True
    inputs: Annotated[
        tuple[LayerName, ...] | None,
        Field(
            min_length=1,
            max_length=64,
            description="names of the earlier layers it reads, or `input`; the layer before it when not given",
        ),
    ] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape this layer makes of its inputs. Raises ShapeMismatch."""
        if len(inputs) != 1:
            raise ShapeMismatch(f"reads one layer, not {len(inputs)}; add or concatenate them first")
        return self.shape_after(inputs[0])

    @abstractmethod
    def shape_after(self, input_shape: Shape) -> Shape:
        """The shape this layer makes of one input. Raises ShapeMismatch."""

    def parameters(self, input_shape: Shape) -> Parameters:  # noqa: ARG002
        """What it learns from an input of this shape: nothing, unless a layer says otherwise."""
        return NO_PARAMETERS

    def is_linear(self) -> bool:
        """Whether its output is a linear, or affine, function of its input when the network is used."""
        return False


def needs_rank(input_shape: Shape, rank: int, what: str) -> None:
    """Raises ShapeMismatch unless the input has this many dimensions."""
    if len(input_shape) != rank:
        raise ShapeMismatch(f"needs an input of {rank} dimensions ({what}), not {list(input_shape)}")


def plus_bias(formula: str, count: int, biases: int | None) -> Parameters:
    """Parameters of a kernel, and of as many biases, where there are any."""
    return Parameters(count, formula) if biases is None else Parameters(count + biases, f"{formula}+{biases}")
