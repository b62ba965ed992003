"""An image in a request's body: a file in a multipart form, or a reference in JSON."""

from __future__ import annotations

import json
from typing import Any, TypedDict

from fastapi import Request, UploadFile
from pydantic import ValidationError
from starlette.datastructures import UploadFile as StarletteUploadFile
from starlette.exceptions import HTTPException

from api.schemas import ReferenceBody
from cnnservice.errors import FieldError, InvalidError, TooLargeError, UnsupportedMediaError
from cnnservice.settings import Settings


class FormLimits(TypedDict):
    """As Starlette and FastAPI name them; sizes are bytes."""

    max_files: int
    max_fields: int
    max_part_size: int


# An upload is one file and a few short words beside it; whatever else a form holds is kept in memory.
FORM_LIMITS: FormLimits = {"max_files": 1, "max_fields": 8, "max_part_size": 4096}


class NoImage(InvalidError):
    """The body holds no image."""

    code = "no-image"
    title = "No image in the body"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=(FieldError("/file", detail),))


class WrongContentType(UnsupportedMediaError):
    """The body is of a kind that is not read here."""

    code = "wrong-content-type"


class UploadTooLarge(TooLargeError):
    """The file is larger than a setting allows."""

    code = "upload-too-large"


# What OpenAPI is told of a body that comes in either way.
EITHER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                },
                "example": {"file": "the bytes of digit.png"},
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": {"type": "string", "maxLength": 200}},
                },
                "example": {"image": "mnist:test:0"},
            },
        },
    }
}


async def read_body(request: Request, settings: Settings) -> bytes | str:
    """The file's content, or the reference. Raises NoImage, WrongContentType, UploadTooLarge."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        try:
            async with request.form(**FORM_LIMITS) as form:
                file = form.get("file")
                if not isinstance(file, StarletteUploadFile):
                    raise NoImage("The form must have one part named 'file' that is a file, with a file name.")
                return await read_upload(file, settings)
        except UnicodeError:
            raise HTTPException(400, "The form's names are not in the charset that its Content-Type names.") from None
    if kind == "application/json":
        try:
            return ReferenceBody.model_validate_json(await request.body()).image
        except (ValidationError, json.JSONDecodeError):
            raise NoImage('The JSON must be {"image": reference}, for instance {"image": "mnist:test:0"}.') from None
    raise WrongContentType(
        f"Content-Type {kind or '(none)'!r} is not read here; send multipart/form-data with a part 'file', "
        'or application/json {"image": reference}.'
    )


async def read_upload(file: UploadFile | StarletteUploadFile, settings: Settings) -> bytes:
    """A file's content. Raises UploadTooLarge, NoImage."""
    content = await file.read(settings.max_upload_bytes + 1)
    if len(content) > settings.max_upload_bytes:
        raise UploadTooLarge(f"The file is larger than {settings.max_upload_bytes} bytes, the most allowed.")
    if not content:
        raise NoImage("The file is empty.")
    return content
