"""What a spec can say wrongly, beyond what its types can tell."""

from __future__ import annotations

from cnnservice.errors import FieldError, InvalidError


class ImpossibleArchitecture(InvalidError):
    """A layer cannot stand where it stands; the pointer names it."""

    code = "impossible-architecture"
    title = "Impossible architecture"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=(FieldError(pointer, detail),))


class LimitExceeded(InvalidError):
    """More is asked for than a setting allows."""

    code = "limit-exceeded"
    title = "Limit exceeded"

    def __init__(self, pointer: str, name: str, value: float, limit: float, setting: str) -> None:
        detail = f"{name} is {value}; at most {limit} is allowed (setting {setting})."
        super().__init__(detail, errors=(FieldError(pointer, detail),))


class BadSetting(InvalidError):
    """A setting that does not fit the rest of the request."""

    code = "bad-setting"
    title = "Setting does not fit"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=(FieldError(pointer, detail),))


class FilterOutOfRange(InvalidError):
    """The layer has fewer filters."""

    code = "filter-out-of-range"
    title = "Filter out of range"

    def __init__(self, parameter: str, value: int, *, layer: str, allowed: range) -> None:
        detail = f"{parameter} is {value}; of layer {layer!r} {allowed.start}..{allowed.stop - 1} is allowed."
        super().__init__(detail, errors=(FieldError(f"?{parameter}", detail),))
