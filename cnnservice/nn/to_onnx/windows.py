"""What convolutions and poolings share: where channels stand, and TensorFlow's padding."""

from __future__ import annotations

from collections.abc import Sequence

from cnnservice.nn.to_onnx.graph import Graph


def channels_first(graph: Graph, tensor: str, rank: int) -> str:
    """(n, …sides, C) as (n, C, …sides), for as many sides as rank."""
    return graph.add("Transpose", tensor, perm=[0, rank + 1, *range(1, rank + 1)])


def channels_last(graph: Graph, tensor: str, rank: int) -> str:
    """(n, C, …sides) as (n, …sides, C)."""
    return graph.add("Transpose", tensor, perm=[0, *range(2, rank + 2), 1])


def paddings(
    padding: str,
    sides: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int] | None = None,
) -> list[int]:
    """How much is added before each side, then after each.

    TensorFlow's `same` gives the odd one to the end, which ONNX's SAME_UPPER does as well; but that cannot be used
    together with a dilation everywhere. Source: TensorFlow, tf.nn, "Notes on padding".
    """
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilation or [1] * len(window), strict=True)]
    if padding == "valid":
        return [0] * 2 * len(sides)
    if padding == "causal":
        return [r - 1 for r in reach] + [0] * len(sides)
    totals = [
        max((-(-side // stride) - 1) * stride + r - side, 0)
        for side, r, stride in zip(sides, reach, strides, strict=True)
    ]
    return [total // 2 for total in totals] + [total - total // 2 for total in totals]
