"""Which filters of a layer may be asked what they respond to."""

from __future__ import annotations

from cnnservice.analysis.filters import has_units
from cnnservice.errors import InvalidError
from cnnservice.models import Snapshot
from cnnservice.specs.errors import FilterOutOfRange


class NoUnits(InvalidError):
    """The layer makes nothing of its own."""

    code = "no-units"
    title = "Layer without filters"

    def __init__(self, layer: str, kind: str, known: list[str]) -> None:
        super().__init__(
            f"Layer {layer!r} is a {kind}, which passes on what others make and has no filters or units of its own; "
            f"layers that have: {', '.join(known)}."
        )


def units(snapshot: Snapshot, layer: str, number: int | None = None) -> int:
    """How many filters a layer has, or a dense layer units, among which is the one with this number.

    They are the last dimension of its output. Raises UnknownLayer, NoUnits, FilterOutOfRange.
    """
    asked = snapshot.layer(layer)
    if not has_units(asked.type):
        known = [other.name for other in snapshot.summary().layers if has_units(other.type)]
        raise NoUnits(layer, asked.type, known)
    filters = asked.output_shape[-1]
    if number is not None and number >= filters:
        raise FilterOutOfRange("filter", number, layer=layer, allowed=range(filters))
    return filters
