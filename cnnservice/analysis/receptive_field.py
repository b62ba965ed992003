"""Which pixels a number in a feature map depends on, followed back layer by layer through every branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnservice.analysis.places_read import places_read
from cnnservice.specs.architecture import Architecture, Node, nodes, summarize
from cnnservice.specs.layers.base import INPUT, Shape


@dataclass(frozen=True)
class Box:
    """Pixels: rows from top up to, not including, bottom, and columns from left up to right."""

    top: int
    left: int
    bottom: int
    right: int


class ReceptiveFields:
    """Those of one network. Of what has no place in an image, as a dense layer's units, the field is all of it."""

    def __init__(self, architecture: Architecture, input_shape: Shape) -> None:
        self._nodes = nodes(architecture, input_shape)
        # Asked for the same places again and again, which in a deep network takes a while to follow back.
        self._known: dict[tuple[int, str, int, bool], tuple[int, int] | None] = {}
        self._shapes = {INPUT: input_shape}
        self._shapes |= {layer.name: layer.output_shape for layer in summarize(architecture, input_shape).layers}

    def box(self, layer: str, position: Sequence[int]) -> Box:
        """The least box with all pixels that the numbers of a layer at a position (y, x) of its output depend on.

        Empty, and at 0, where they depend on padding alone.
        """
        return self._box(layer, position, within=True)

    def window(self, layer: str, position: Sequence[int]) -> Box:
        """The same as if images had no borders: of a network that convolves and pools as large at every position."""
        return self._box(layer, position, within=False)

    def _box(self, layer: str, position: Sequence[int], *, within: bool) -> Box:
        has_places = len(self._shapes[layer]) == 3
        rows, columns = (self._edges(axis, layer, position[axis] if has_places else 0, within) for axis in (0, 1))
        if rows is None or columns is None:
            return Box(0, 0, 0, 0)
        return Box(rows[0], columns[0], rows[1], columns[1])

    def _edges(self, axis: int, layer: str, place: int, within: bool) -> tuple[int, int] | None:
        """First and, exclusive, last pixel along an axis, 0 or 1, without regard to the other; None where none is."""
        asked = (axis, layer, place, within)
        if asked not in self._known:
            pixels = self._seen(axis, layer, place, within)
            self._known[asked] = (min(pixels), max(pixels) + 1) if pixels else None
        return self._known[asked]

    def _seen(self, axis: int, layer: str, place: int, within: bool) -> set[int]:
        read = {layer: {place}}
        # Every layer follows what it reads, so that from the end on each is met after all its readers.
        for node in reversed(self._nodes):
            if not (wanted := read.pop(node.name, None)):
                continue
            for name in node.inputs:
                places = self._read(axis, node, name, wanted)
                size = self._size(axis, name)
                known = read.setdefault(name, set())
                known.update(place for place in places if not within or 0 <= place < size)
        return read.get(INPUT, set())

    def _read(self, axis: int, node: Node, name: str, wanted: set[int]) -> set[int]:
        before, after = self._shapes[name], self._shapes[node.name]
        if len(before) == len(after) == 3:
            return places_read(axis, node.layer, before, wanted)
        return set(range(self._size(axis, name)))

    def _size(self, axis: int, name: str) -> int:
        shape = self._shapes[name]
        return shape[axis] if len(shape) == 3 else 1
