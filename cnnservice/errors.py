"""What can be wrong, by kind. Each concrete error is raised where it is known and names what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One offending part of a request: a JSON pointer or parameter name, and what is wrong with it."""

    pointer: str
    detail: str


class DomainError(Exception):
    """An error a client can act on.

    code is stable and machine-readable, title the same for every instance of the class, detail names the
    value, the rule and what is allowed.
    """

    code: str = "error"
    title: str = "Error"

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class NotFoundError(DomainError):
    """What was named does not exist."""

    code = "not-found"
    title = "Not found"


class InvalidError(DomainError):
    """The request says something that is not allowed."""

    code = "invalid"
    title = "Invalid request"


class UnauthenticatedError(DomainError):
    """Who asks has not shown that he may."""

    code = "unauthenticated"
    title = "Not authenticated"


class ForbiddenError(DomainError):
    """Who asks may do other things, but not this."""

    code = "forbidden"
    title = "Not allowed"


class NotAcceptableError(DomainError):
    """There is no form of the answer that who asks would take."""

    code = "not-acceptable"
    title = "Not acceptable"


class ConflictError(DomainError):
    """The request does not fit the state that things are in."""

    code = "conflict"
    title = "Conflict"


class TooLargeError(DomainError):
    """More was sent than a limit admits."""

    code = "too-large"
    title = "Content too large"


class TimeoutExceededError(DomainError):
    """What was announced did not come in time."""

    code = "too-slow"
    title = "Request Timeout"


class UnsupportedMediaError(DomainError):
    """What was sent is of a kind that is not read here."""

    code = "unsupported-media"
    title = "Unsupported media type"


class TooManyError(DomainError):
    """More is asked for at once, or in a time, than one may; the same request may succeed after retry_after seconds."""

    code = "too-many"
    title = "Too many"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UnavailableError(DomainError):
    """A part that is needed does not answer now; the same request may succeed later."""

    code = "unavailable"
    title = "Temporarily unavailable"


class CorruptError(DomainError):
    """Something stored does not match its checksum."""

    code = "corrupt"
    title = "Stored data are damaged"


class FaultError(DomainError):
    """The service itself failed at what it was asked."""

    code = "internal"
    title = "Internal error"


def error_fields(error: DomainError) -> dict[str, str]:
    """An error as JSON, for another process: error_of makes one of the same kind, with the same words, of it."""
    kind = next(base.__name__ for base in type(error).__mro__ if base.__module__ == __name__)
    return {"kind": kind, "code": error.code, "title": error.title, "detail": error.detail}


def error_of(fields: Mapping[str, str]) -> DomainError:
    """The error that error_fields told."""
    kind: type[DomainError] = globals()[fields["kind"]]
    error = kind(fields["detail"])
    error.code, error.title = fields["code"], fields["title"]
    return error
