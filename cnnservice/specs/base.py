"""What every spec shares: frozen, and no field that it does not know."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Discriminator, Tag


class Spec(BaseModel):
    """A part of a request: immutable once parsed; an unknown field is an error that names it."""

    # Built when first used: most are only parts of others, and a fifth of the API's start went into building them.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,
        # A spec is answered with all that was left out of the request.
        json_schema_serialization_defaults_required=True,
    )


def _how_it_is_said(value: object) -> str:
    return "<object>" if isinstance(value, Mapping | BaseModel) else "<plain>"


# For what may be said by a name or number, or by an object with arguments: an error is then about the one that was
# meant. The tags stand in an error's location, where no client wrote them; no field can have such a name.
PLAIN, OBJECT = Tag("<plain>"), Tag("<object>")
PLAIN_OR_OBJECT = Discriminator(_how_it_is_said)
