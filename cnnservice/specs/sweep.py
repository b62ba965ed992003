"""What `POST /v1/sweeps` may say: many jobs that differ in some of their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from cnnservice.specs.base import Spec
from cnnservice.specs.errors import BadSetting, LimitExceeded
from cnnservice.specs.halving import Halving
from cnnservice.specs.job import JobSpec, Tag
from cnnservice.specs.losses import less_is_better
from cnnservice.specs.pointers import escaped, with_values
from cnnservice.specs.search import GridSearch, Parameter, Pointer, Search, trial_count, trial_values


class Objective(Spec):
    """What trials are ranked by: the best epoch of each."""

    metric: Annotated[str, Field(max_length=64, description="`loss`, a metric, or one of these with `val_`")] = (
        "val_loss"
    )
    mode: Annotated[
        Literal["auto", "min", "max"], Field(description="whether less is better; auto: for losses and errors it is")
    ] = "auto"

    @property
    def less_is_better(self) -> bool:
        """Whether less is better."""
        return less_is_better(self.metric) if self.mode == "auto" else self.mode == "min"

    def cost(self, value: float) -> float:
        """The less, the better."""
        return value if self.less_is_better else -value


class SweepSpec(Spec):
    """Jobs that are as base says, but for the values of parameters, each named by a JSON Pointer into the job's JSON.

    Ordinary jobs, one a trial; with halving, one a trial and rung, each going on exactly where the one before ended.
    """

    base: JobSpec
    search: Search = GridSearch()
    parameters: Annotated[dict[Pointer, Parameter], Field(min_length=1, max_length=16)]
    objective: Objective = Objective()
    halving: Halving | None = None
    tags: Annotated[tuple[Tag, ...], Field(description="of every one of its jobs, beside base's own")] = ()

    def values(self, most: int) -> list[dict[str, Any]]:
        """The values of each trial, by pointer. Raises LimitExceeded, BadSetting."""
        count = trial_count(self.search, self.parameters)
        if count > most:
            pointer = "/parameters" if isinstance(self.search, GridSearch) else "/search/trials"
            raise LimitExceeded(pointer, "the number of trials", count, most, "CNNSERVICE_MAX_SWEEP_TRIALS")
        return trial_values(self.search, self.parameters)

    def document(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON of a trial's job, which remains to be parsed. Raises NoSuchPlace."""
        said: dict[str, Any] = {}
        if self.tags:
            said["tags"] = tuple(dict.fromkeys((*self.base.tags, *self.tags)))
        if self.halving is not None:
            # Not what a job that is gone on from had: all trials have the same rungs.
            said["epochs"] = self.base.epochs
        return with_values(self.base.model_copy(update=said), values)

    def check_halving(self) -> None:
        """Raises BadSetting where epochs are not halving's to divide, or there is nothing to be divided."""
        if self.halving is None:
            return
        if "/epochs" in self.parameters:
            raise BadSetting(
                f"/parameters/{escaped('/epochs')}", "halving says how many epochs a trial gets: leave /epochs out."
            )
        if len(self.halving.budgets(self.base.epochs)) == 1:
            needed = self.halving.min_epochs * self.halving.factor
            raise BadSetting(
                "/halving/min_epochs",
                f"base has {self.base.epochs} epochs; for a second rung it must have {needed}, min_epochs * factor.",
            )

    def check_trial(self, spec: JobSpec) -> None:
        """Hold a trial's job against what the sweep wants of each. Raises BadSetting."""
        logged = spec.compile.logged()
        if self.objective.metric not in logged:
            detail = f"metric is {self.objective.metric!r}; the jobs have {', '.join(logged)}."
            raise BadSetting("/objective/metric", detail)
        if self.halving is not None and spec.early_stopping is not None:
            raise BadSetting("/halving", "halving stops trials: leave early_stopping out, or halving.")

    def budgets(self, spec: Mapping[str, Any]) -> list[int]:
        """After how many epochs each rung of a trial with this job ends; without halving there is one."""
        epochs: int = spec["epochs"]
        return [epochs] if self.halving is None else self.halving.budgets(epochs)
