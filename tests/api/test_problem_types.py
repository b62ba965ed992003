"""Every type of problem is told as its error is."""

from __future__ import annotations

import pytest

from api import problem_types
from api.problem_types import ProblemType
from cnnservice.errors import DomainError
from cnnservice.nn.to_onnx.convert import NotInOnnx
from worker.computations.embedding import NotFinite
from worker.compute import ComputationFailed, OutOfMemory


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (problem_types.OUT_OF_MEMORY, OutOfMemory),
        (problem_types.COMPUTATION_FAILED, ComputationFailed),
        (problem_types.NOT_FINITE, NotFinite),
        (problem_types.NOT_IN_ONNX, NotInOnnx),
    ],
)
def test_what_only_workers_raise_is_written_down_as_it_is_there(written: ProblemType, error: type[DomainError]) -> None:
    real = ProblemType.of(error)
    assert (written.code, written.title, written.status) == (real.code, real.title, real.status)
