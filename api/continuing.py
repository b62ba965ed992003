"""Jobs that go on from another: what they take over, and what must fit."""

from __future__ import annotations

from itertools import zip_longest

from cnnservice.database.engine import Database
from cnnservice.errors import FieldError, InvalidError, NotFoundError
from cnnservice.models import open_snapshot
from cnnservice.specs.architecture import LayerSummary, Summary
from cnnservice.specs.job import JobSpec

# Said anew for each job, or not at all.
_NOT_INHERITED = frozenset({"tags", "continue_from", "priority"})


class CannotGoOn(InvalidError):
    """The job cannot go on from the epoch it names."""

    code = "cannot-continue"
    title = "Cannot continue from there"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=(FieldError(pointer, detail),))


def going_on(spec: JobSpec, database: Database) -> JobSpec:
    """The spec with all that it does not say itself as it is in the job it goes on from, and the epoch by its number.

    Raises CannotGoOn.
    """
    wanted = spec.continue_from
    if wanted is None:
        return spec
    try:
        snapshot = open_snapshot(database, wanted.model_id, wanted.epoch)
        snapshot.check_kept()
    except NotFoundError as error:
        raise CannotGoOn("/continue_from", error.detail) from None
    parent = snapshot.spec
    inherited = {
        name: getattr(parent, name)
        for name in JobSpec.model_fields
        if name not in spec.model_fields_set and name not in _NOT_INHERITED
    }
    complete = spec.model_copy(
        update={**inherited, "continue_from": wanted.model_copy(update={"epoch": snapshot.epoch})}
    )
    if complete.normalization != parent.normalization:
        raise CannotGoOn(
            "/normalization",
            f"normalization is {complete.normalization!r}; the network knows its images by {parent.normalization!r}.",
        )
    return complete


def check_fits(spec: JobSpec, summary: Summary, database: Database) -> None:
    """Hold a network against the one whose weights it takes: layer by layer they must be alike. Raises CannotGoOn."""
    if spec.continue_from is None:
        return
    snapshot = open_snapshot(database, spec.continue_from.model_id, spec.continue_from.epoch)
    for mine, theirs in zip_longest(map(_weights, summary.layers), map(_weights, snapshot.summary().layers)):
        if mine != theirs:
            raise CannotGoOn(
                "/architecture",
                f"The network must have the layers of model {snapshot.job.id}, whose weights it takes: there is "
                f"{_said(theirs)} where this one has {_said(mine)}. Leave architecture out to take it over; rates, "
                "regularizers and what is trainable may differ.",
            )


def _weights(layer: LayerSummary) -> tuple[str, str, str, tuple[str, ...]]:
    return layer.name, layer.type, layer.formula, layer.inputs


def _said(layer: tuple[str, str, str, tuple[str, ...]] | None) -> str:
    return "none" if layer is None else f"{layer[0]!r} ({layer[1]}, {layer[2]} parameters)"
