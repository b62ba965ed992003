"""Uploads that can be named again."""

from __future__ import annotations

from fastapi import APIRouter, UploadFile
from starlette.concurrency import run_in_threadpool

from api.bodies import read_upload
from api.inputs import keep_upload, upload_size
from api.problem_groups import BODY, UPLOAD
from api.problems import problems
from api.schemas import UploadAnswer
from api.services import ServicesDep
from cnnservice.errors import InvalidError
from cnnservice.store import StoreUnavailable

router = APIRouter(prefix="/v1/images", tags=["images"])


@router.post(
    "",
    status_code=201,
    summary="Upload an image to use it again",
    responses=problems(*BODY, *UPLOAD, InvalidError, StoreUnavailable),
)
async def upload_image(file: UploadFile, services: ServicesDep) -> UploadAnswer:
    """Kept under its SHA-256, so that the same file is kept once. The reference stands wherever one is asked for."""
    content = await read_upload(file, services.settings)
    width, height = await run_in_threadpool(upload_size, content, services.settings)
    sha256 = await run_in_threadpool(keep_upload, services, content)
    return UploadAnswer(id=sha256, reference=f"upload:{sha256}", width=width, height=height)
