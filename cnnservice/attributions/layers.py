"""Which layers a method can look from."""

from __future__ import annotations

from math import prod

from cnnservice.analysis.filters import has_units
from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs.architecture import LayerSummary, Summary
from cnnservice.specs.errors import FilterOutOfRange


class UnusableLayer(InvalidError):
    """The method cannot look from this layer, or from any."""

    code = "unusable-layer"
    title = "Layer cannot be used"

    def __init__(self, detail: str, pointer: str = "?layer") -> None:
        super().__init__(detail, errors=(FieldError(pointer, detail),))


def layer_with_maps(summary: Summary, name: str | None) -> LayerSummary:
    """The layer of that name, which has feature maps; the last one with maps of its own where none is named.

    Raises UnusableLayer.
    """
    having = [layer for layer in summary.layers if _has_maps(layer)]
    if name is None:
        # A pooling's maps are coarser copies of those before it.
        own = [layer for layer in having if has_units(layer.type) and "pooling" not in layer.type]
        if not own:
            raise UnusableLayer("This method weighs feature maps; the network has no layer with any.", "/method")
        return own[-1]
    for layer in having:
        if layer.name == name:
            return layer
    raise UnusableLayer(f"layer is {name!r}; allowed are the layers with feature maps: {_listed(having)}.")


def layer_of_filter(summary: Summary, name: str, filter_index: int) -> LayerSummary:
    """The layer of that name, which has such a filter. Raises UnusableLayer, FilterOutOfRange."""
    for layer in summary.layers:
        if layer.name == name:
            filters = layer.output_shape[-1]
            if filter_index >= filters:
                raise FilterOutOfRange("filter", filter_index, layer=name, allowed=range(filters))
            return layer
    raise UnusableLayer(f"layer is {name!r}; the network's layers are {_listed(summary.layers)}.")


def _has_maps(layer: LayerSummary) -> bool:
    return len(layer.output_shape) == 3 and prod(layer.output_shape[:2]) > 1


def _listed(layers: tuple[LayerSummary, ...] | list[LayerSummary]) -> str:
    return ", ".join(layer.name for layer in layers) or "none"
