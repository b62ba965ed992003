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
        rows, columns = (self._seen(axis, layer, position, within=within) for axis in (0, 1))
        if not (rows and columns):
            return Box(0, 0, 0, 0)
        return Box(min(rows), min(columns), max(rows) + 1, max(columns) + 1)

    def _seen(self, axis: int, layer: str, position: Sequence[int], *, within: bool) -> set[int]:
        """The pixels along an axis, 0 or 1, without regard to the other."""
        has_places = len(self._shapes[layer]) == 3
        read = {layer: {position[axis]} if has_places else {0}}
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
