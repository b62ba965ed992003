"""The test images that most activate each filter of a layer."""

from __future__ import annotations

from cnnservice.results import Result
from worker.computations.work import Work
from worker.samples import test_split


def top_images(work: Work) -> Result:
    """Of the layer at the argument `layer`, for each filter the `count` test images with the greatest output.

    values (filters, count) float32, the greatest first; indices (filters, count) int64 into the test split, of equal
    images the first; positions (filters, count, axes) int64, where in the map it is: (row, column) of a convolution.
    There are fewer where the split has fewer.
    """
    from cnnservice.nn.top_activations import top_activations

    snapshot = work.snapshot()
    model = work.model(snapshot)
    images, _ = test_split(work.parts, snapshot)
    found = top_activations(
        model,
        str(work.arguments["layer"]),
        images,
        int(work.arguments["count"]),
        lambda seen, of: work.report(seen / of, f"image {seen} of {of}"),
    )
    return Result({"values": found.values, "indices": found.images, "positions": found.positions})
