"""Which epochs' weights stay in the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from cnnservice.specs.base import OBJECT, PLAIN, PLAIN_OR_OBJECT, Spec
from cnnservice.specs.losses import less_is_better


class Keep(Spec):
    """An epoch's weights stay that any of these names; of the others the numbers of the history stay.

    The newest epoch always stays: training goes on from it.
    """

    every: Annotated[int | None, Field(ge=1, description="epoch 0, and every so many")] = None
    last: Annotated[int | None, Field(ge=1, description="the newest so many")] = None
    best: Annotated[
        str | None, Field(max_length=64, description="the best so far by this metric", examples=["val_loss"])
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Keep:
        if self.every is None and self.last is None and self.best is None:
            raise ValueError("name at least one of every, last and best; or say 'all'")
        return self

    def kept(self, epochs: Mapping[int, Mapping[str, float]]) -> set[int]:
        """Those that stay of a job's own epochs that are still there, told by their metrics, the newest among them.

        Epoch 0 has none. The first of equals is the best. What has been dropped before changes nothing.
        """
        newest = max(epochs)
        kept = {newest}
        if self.every is not None:
            kept |= {epoch for epoch in epochs if epoch % self.every == 0}
        if self.last is not None:
            kept |= {epoch for epoch in epochs if epoch > newest - self.last}
        if self.best is not None:
            measured = {epoch: metrics[self.best] for epoch, metrics in sorted(epochs.items()) if self.best in metrics}
            choose = min if less_is_better(self.best) else max
            kept |= {choose(measured, key=lambda epoch: measured[epoch])} if measured else set()
        return kept

    def most(self, epochs: int) -> int:
        """How many epochs there can be at a time in a job of so many, epoch 0 and one that is being stored included."""
        every = 0 if self.every is None else epochs // self.every + 1
        return min(every + (self.last or 1) + (self.best is not None) + 1, epochs + 1)


def _all(value: object) -> object:
    if value != "all":
        raise ValueError('say "all", or an object with some of every, last and best')
    return value


AnyKeep = Annotated[Annotated[Literal["all"], BeforeValidator(_all), PLAIN] | Annotated[Keep, OBJECT], PLAIN_OR_OBJECT]


def most_kept(keep: AnyKeep, epochs: int) -> int:
    """How many epochs' weights there can be at a time in a job of so many epochs."""
    return epochs + 1 if isinstance(keep, str) else keep.most(epochs)
