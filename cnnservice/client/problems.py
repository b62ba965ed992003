"""What can go wrong, in the words of the service where it has any."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


class ClientError(Exception):
    """Whatever the client raises."""


class BadAddress(ClientError):
    """No service can be at such an address."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url!r} is no address of a service; one reads like http://127.0.0.1:8000.")


class NoAnswer(ClientError):
    """Nothing answers at the address, or not in time."""

    def __init__(self, address: str, error: httpx.TransportError) -> None:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            super().__init__(f"The service at {address} does not answer in time ({error or type(error).__name__}).")
        else:
            why = str(error) or type(error).__name__
            super().__init__(
                f"No service answers at {address} ({why}). Does it run (`cnnservice up`), and is this its address?"
            )


class NotThisService(ClientError):
    """Something answers at the address, but not as this service does."""

    def __init__(self, address: str, answer: httpx.Response) -> None:
        kind = answer.headers.get("Content-Type", "no content type")
        super().__init__(
            f"What answers at {address} is not this service: {answer.status_code}, {kind}. Is this its address?"
        )


@dataclass(frozen=True)
class ProblemField:
    """One offending part of a request: a JSON pointer into it, or `?name` of a parameter."""

    pointer: str
    detail: str


class ProblemError(ClientError):
    """The service refused, and says what was wrong and what is allowed (RFC 9457)."""

    def __init__(self, status: int, type: str, title: str, detail: str, errors: tuple[ProblemField, ...] = ()) -> None:
        super().__init__(_message(detail, errors))
        self.status, self.type, self.title, self.detail, self.errors = status, type, title, detail, errors


def problem_of(response: httpx.Response) -> ProblemError:
    """The problem that an answer tells; one that tells none, such as a proxy's, is named by its status."""
    try:
        document = response.json()
        fields = tuple(ProblemField(each["pointer"], each["detail"]) for each in document.get("errors", ()))
        return ProblemError(response.status_code, document["type"], document["title"], document["detail"], fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        title = response.reason_phrase or "Error"
        detail = f"{response.status_code} {title}, from {response.request.url}."
        return ProblemError(response.status_code, "about:blank", title, detail)


def _message(detail: str, errors: tuple[ProblemField, ...]) -> str:
    """The detail, and of each error what it does not say yet."""
    message = detail
    for error in errors:
        if error.detail == detail:
            message += f" [{error.pointer}]"
        elif error.pointer not in detail or error.detail not in detail:
            message += f"\n  {error.pointer}: {error.detail}"
    return message
