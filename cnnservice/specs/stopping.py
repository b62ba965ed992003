"""When to stop before the last epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from cnnservice.specs.base import Spec
from cnnservice.specs.losses import less_is_better


class EarlyStopping(Spec):
    """keras.callbacks.EarlyStopping. `keep` says which epochs' weights stay, so the best need not be restored."""

    monitor: Annotated[str, Field(max_length=64, description="`loss`, a metric, or one of these with `val_`")] = (
        "val_loss"
    )
    min_delta: Annotated[float, Field(ge=0, le=1e6, description="a smaller gain is none")] = 0.0
    patience: Annotated[int, Field(ge=0, le=100_000, description="epochs without a gain before it stops")] = 0
    mode: Annotated[
        Literal["auto", "min", "max"], Field(description="whether less is better; auto: for losses and errors it is")
    ] = "auto"
    baseline: Annotated[float | None, Field(description="what must be bettered within `patience` epochs")] = None
    start_from_epoch: Annotated[int, Field(ge=0, description="epochs before it begins to watch")] = 0

    def should_stop(self, history: Sequence[Mapping[str, float]]) -> bool:
        """Whether to stop after these epochs, told by their metrics.

        A function of the epochs alone, so that a training which was interrupted stops where it would have.
        The same decisions as keras.callbacks.EarlyStopping's, which compares in float32.
        """
        sign = 1.0 if self._less_is_better() else -1.0
        values = [sign * metrics[self.monitor] for metrics in history]
        baseline = None if self.baseline is None else sign * self.baseline
        best, wait = None, 0
        for epoch, value in enumerate(values):
            if epoch < self.start_from_epoch:
                continue
            wait += 1
            if self._is_better(value, best):
                best = value
                if self._is_better(value, baseline):
                    wait = 0
                continue
            if wait >= self.patience and epoch > 0:
                return True
        return False

    def _is_better(self, value: float, than: float | None) -> bool:
        return than is None or bool(np.float32(value + self.min_delta) < np.float32(than))

    def _less_is_better(self) -> bool:
        return less_is_better(self.monitor) if self.mode == "auto" else self.mode == "min"
