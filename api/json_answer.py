"""What every JSON answer is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class JsonAnswer(BaseModel):
    """Built when it is first given, as a Spec is when it is first read: a tenth of the API's start went into that."""

    model_config = ConfigDict(defer_build=True)
