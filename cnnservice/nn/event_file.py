"""Event files, as TensorBoard reads them.

TensorFlow writes their records and has their messages; its own tf.summary asks for TensorBoard to be installed.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

_VERSION = "brain.Event:2"
_BUCKETS = 30
_RGBA = 4
v1 = tf.compat.v1


class EventFile:
    """One run's. step is the epoch, when its time in Unix seconds."""

    def __init__(self, folder: Path, when: float) -> None:
        folder.mkdir(parents=True)
        # The name is what TensorBoard looks for.
        self._writer = tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{int(when)}.cnnservice"))
        self._write(v1.Event(wall_time=when, file_version=_VERSION))

    def __enter__(self) -> EventFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writer.close()

    def scalar(self, tag: str, value: float, step: int, when: float) -> None:
        """A number."""
        self._value(step, when, tag=tag, simple_value=value)

    def histogram(self, tag: str, values: NDArray[Any], step: int, when: float) -> None:
        """How many of the values, one or more, lie where."""
        flat = np.asarray(values, np.float64).reshape(-1)
        low, high = flat.min(), flat.max()
        # All the same, as biases are at the start: one bucket without any width, as tf.summary has it.
        counts, edges = np.histogram(flat, _BUCKETS if low < high else [low, high])
        histogram = v1.HistogramProto(
            min=low,
            max=high,
            num=flat.size,
            sum=flat.sum(),
            sum_squares=np.square(flat).sum(),
            bucket_limit=edges[1:],
            bucket=counts,
        )
        self._value(step, when, tag=tag, histo=histogram)

    def picture(self, tag: str, png: bytes, width: int, height: int, step: int, when: float) -> None:
        """A picture, width x height pixels."""
        image = v1.Summary.Image(width=width, height=height, colorspace=_RGBA, encoded_image_string=png)
        self._value(step, when, tag=tag, image=image)

    def text(self, tag: str, markdown: str, step: int, when: float) -> None:
        """Something to read."""
        plugin = v1.SummaryMetadata(plugin_data=v1.SummaryMetadata.PluginData(plugin_name="text"))
        self._value(step, when, tag=tag, metadata=plugin, tensor=tf.make_tensor_proto([markdown], tf.string))

    def _value(self, step: int, when: float, **fields: Any) -> None:
        self._write(v1.Event(wall_time=when, step=step, summary=v1.Summary(value=[v1.Summary.Value(**fields)])))

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString())
