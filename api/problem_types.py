"""The types of problems, as the OpenAPI document tells them: each with its URI, its status, and a schema of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnservice import errors
from cnnservice.errors import DomainError

STATUS: dict[type[DomainError], int] = {
    errors.NotFoundError: 404,
    errors.InvalidError: 422,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.NotAcceptableError: 406,
    errors.TimeoutExceededError: 408,
    errors.ConflictError: 409,
    errors.TooLargeError: 413,
    errors.UnsupportedMediaError: 415,
    errors.TooManyError: 429,
    errors.UnavailableError: 503,
    errors.CorruptError: 500,
    errors.FaultError: 500,
}
REFERENCE = "#/components/schemas/"


def status_of(kind: type[DomainError]) -> int:
    """The status that an error is answered with."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


@dataclass(frozen=True)
class ProblemType:
    """What all problems of a type have in common. Errors of the domain are types; this is for what is none here."""

    code: str
    title: str
    status: int
    description: str

    @classmethod
    def of(cls, kind: type[DomainError] | ProblemType) -> ProblemType:
        """The type of an error of the domain."""
        if isinstance(kind, ProblemType):
            return kind
        return cls(kind.code, kind.title, status_of(kind), (kind.__doc__ or "").partition("\n")[0])

    @property
    def uri(self) -> str:
        """What stands in `type`."""
        return f"/problems/{self.code}"

    @property
    def schema_name(self) -> str:
        """unknown-epoch is UnknownEpochProblem."""
        return "".join(word.capitalize() for word in self.code.split("-")) + "Problem"

    def schema(self) -> dict[str, Any]:
        """What is sent, as JSON Schema. `errors` is there where a part of the request can be named as its cause."""
        said = {"type": self.uri, "title": self.title, "status": self.status, "detail": self.description}
        example: dict[str, Any] = {**said, "instance": "/v1/jobs"}
        properties: dict[str, Any] = {
            "type": {"type": "string", "const": self.uri},
            "title": {"type": "string", "description": "the same for every problem of this type"},
            "status": {"type": "integer", "const": self.status},
            "detail": {"type": "string", "description": "what was wrong and what is allowed"},
            "instance": {"type": "string", "description": "the path that was asked for"},
        }
        required = list(properties)
        if self.status == 422:
            properties["errors"] = {"type": "array", "items": {"$ref": f"{REFERENCE}ProblemField"}, "minItems": 1}
            example["errors"] = [{"pointer": "/epochs", "detail": "Input should be greater than or equal to 1"}]
        if self == INVALID:
            required.append("errors")
        return {
            "type": "object",
            "description": self.description,
            "properties": properties,
            "required": required,
            "example": example,
        }


INVALID = ProblemType.of(errors.InvalidError)
INTERNAL = ProblemType.of(errors.FaultError)
DATABASE = ProblemType(
    "database-unavailable", "Temporarily unavailable", 503, "The database does not answer now; try again."
)
# What any operation with a body may answer before it reads it to the end.
BAD_REQUEST = ProblemType("bad-request", "Bad Request", 400, "The body is not what its Content-Type says.")
# Where there is no operation.
NOTHING_HERE = ProblemType("not-found", "Not Found", 404, "Nothing is at this path.")
WRONG_METHOD = ProblemType("method-not-allowed", "Method Not Allowed", 405, "The path is not for this method.")
# What only workers raise; `tests/api/test_problem_types.py` holds these against their classes.
OUT_OF_MEMORY = ProblemType("out-of-memory", "Out of memory", 503, "The computation needs more memory than there is.")
COMPUTATION_FAILED = ProblemType(
    "computation-failed", "Computation failed", 500, "It failed in a way that nobody has foreseen."
)
NOT_FINITE = ProblemType(
    "representation-not-finite", "Representation is not finite", 422, "The layer makes what is no number."
)
NOT_IN_ONNX = ProblemType("not-in-onnx", "Layer without an ONNX form", 422, "A layer of the model is not in ONNX.")


def told(kinds: tuple[type[DomainError] | ProblemType, ...]) -> dict[int, list[ProblemType]]:
    """Types by status, each once, in the order of their URIs."""
    types = {kind.uri: kind for kind in map(ProblemType.of, kinds)}
    by_status: dict[int, list[ProblemType]] = {}
    for uri in sorted(types):
        by_status.setdefault(types[uri].status, []).append(types[uri])
    return dict(sorted(by_status.items()))
