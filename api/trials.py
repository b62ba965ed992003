"""A sweep's trials, checked before any of them is queued."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from api.admission import admitted
from api.problems import message_of, pointer_of
from api.services import Services
from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs.job import JobSpec
from cnnservice.specs.pointers import NoSuchPlace, escaped
from cnnservice.specs.sweep import SweepSpec
from cnnservice.sweeps import NewTrial


class BadTrial(InvalidError):
    """The values of a trial do not make a job that could be queued."""

    code = "bad-trial"
    title = "A trial is not allowed"

    def __init__(self, number: int, values: Mapping[str, Any], faults: tuple[FieldError, ...]) -> None:
        said = "; ".join(f"{fault.pointer} of its job: {fault.detail}" for fault in faults[:3])
        super().__init__(
            f"Trial {number}, with {json.dumps(values)}, is not allowed: {said}",
            errors=tuple(FieldError(_place(fault.pointer, values), fault.detail) for fault in faults),
        )


def admitted_trials(spec: SweepSpec, services: Services) -> tuple[list[NewTrial], int]:
    """The trials of a sweep, each with its whole job, and the bytes that their weights take if none is stopped.

    Raises BadTrial, BadSetting, LimitExceeded.
    """
    spec.check_halving()
    found, planned_bytes = [], 0
    for number, values in enumerate(spec.values(services.settings.max_sweep_trials)):
        job = _parsed(spec, number, values)
        try:
            allowed = admitted(job, services)
        except InvalidError as refused:
            faults = refused.errors or (FieldError("", refused.detail),)
            raise BadTrial(number, values, faults) from refused
        spec.check_trial(allowed.spec)
        found.append(NewTrial(values, allowed.spec, allowed.dataset_record))
        planned_bytes += allowed.planned_bytes
    return found, planned_bytes


def _parsed(spec: SweepSpec, number: int, values: Mapping[str, Any]) -> JobSpec:
    try:
        document = spec.document(values)
    except NoSuchPlace as nowhere:
        raise BadTrial(number, values, (FieldError(nowhere.pointer, str(nowhere)),)) from None
    try:
        return JobSpec.model_validate(document)
    except ValidationError as error:
        faults = [FieldError(pointer_of(("body", *one["loc"]), document), message_of(one)) for one in error.errors()]
        raise BadTrial(number, values, tuple(faults)) from None


def _place(pointer: str, values: Mapping[str, Any]) -> str:
    """Where in the sweep a fault of a job comes from: the parameter that it is in, or that is in it; else base."""
    within = [each for each in values if f"{pointer}/".startswith(f"{each}/")]
    around = [each for each in values if f"{each}/".startswith(f"{pointer}/")]
    found = max(within, key=len, default=None) or next(iter(around), None)
    return f"/base{pointer}" if found is None else f"/parameters/{escaped(found)}"
