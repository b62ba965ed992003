"""What the two methods share that send a signal back through ReLUs which let only what is positive through."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from cnnservice.attributions.layers import layer_of_filter
from cnnservice.attributions.method import Attribution, Method
from cnnservice.attributions.network import Array, Network, Rule
from cnnservice.specs.architecture import Summary


class Projection(Method):
    """From the class's score, or from a filter of any layer."""

    rule: ClassVar[Rule]
    signed: ClassVar = True

    layer: Annotated[
        str | None, Field(max_length=64, description="a layer to look from, with `filter`; the class's score without")
    ] = None
    filter: Annotated[int | None, Field(ge=0, lt=1 << 31, description="which filter, or unit, of the layer")] = None
    activation: Annotated[
        Literal["strongest", "map"],
        Field(description="of a filter: send back its strongest activation alone, or its whole feature map"),
    ] = "strongest"

    @model_validator(mode="after")
    def _a_filter_is_of_a_layer(self) -> Self:
        if (self.layer is None) != (self.filter is None):
            raise ValueError("layer and filter go together: name both, or neither for the class's score")
        return self

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        if self.layer is None or self.filter is None:
            return Attribution(network.gradients(image[None], target, self.rule)[0])
        strongest = self.activation == "strongest"
        return Attribution(network.projections(image[None], self.layer, self.filter, self.rule, strongest=strongest)[0])

    def check(self, summary: Summary) -> None:
        if self.layer is not None and self.filter is not None:
            layer_of_filter(summary, self.layer, self.filter)
