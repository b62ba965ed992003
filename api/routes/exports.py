"""A model at an epoch, as a file to take away."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from api.caching import Conditional
from api.problem_groups import ASKED, MODEL
from api.problem_types import NOT_IN_ONNX
from api.problems import NOT_MODIFIED, problems
from api.queries import EpochQuery
from api.services import Services, ServicesDep
from cnnservice.datasets.references import DatasetReference, label_of, load_reference
from cnnservice.errors import DomainError
from cnnservice.export.description import describe
from cnnservice.export.formats import FORMATS, FormatName, WorkerFormat, export_path, file_name
from cnnservice.export.notebook import Example, notebook
from cnnservice.export.weights_file import WeightsFile, weights_file
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.store import Altered, check_stored, read_stored

router = APIRouter(prefix="/v1/models/{model_id}", tags=["exports"])


class ExportQuery(EpochQuery):
    """Which epoch, as what."""

    format: Annotated[
        FormatName,
        Field(
            description="keras: for keras.models.load_model; safetensors: the weights alone; onnx: for ONNX Runtime; "
            "notebook: Python that rebuilds it, to read and run; tensorboard: event files of the training, in a zip; "
            "mlflow: a run of the training, in a zip",
            examples=["keras"],
        ),
    ]


class _Download(Conditional):
    """A conditional request that is answered with a file."""

    def file(self, content: AsyncIterator[bytes] | bytes, snapshot: Snapshot, name: FormatName, size: int) -> Response:
        """The file, sent piece by piece where it comes in pieces. size is bytes."""
        headers = {
            **self._headers,
            "Content-Disposition": f'attachment; filename="{file_name(snapshot, name)}"',
            "Content-Length": str(size),
        }
        if isinstance(content, bytes):
            return Response(content, media_type=FORMATS[name].media_type, headers=headers)
        return StreamingResponse(content, media_type=FORMATS[name].media_type, headers=headers)


@router.get(
    "/export",
    summary="The model as a file",
    response_class=Response,
    responses={
        200: {
            "description": "A file named `<model id>-epoch-<epoch>.<ending>`",
            "content": {media_type: {} for media_type in sorted({known.media_type for known in FORMATS.values()})},
        },
        **NOT_MODIFIED,
        **problems(*MODEL, *ASKED, NOT_IN_ONNX),
    },
)
async def export_model(
    model_id: str, query: Annotated[ExportQuery, Query()], request: Request, services: ServicesDep
) -> Response:
    """Its weights at an epoch and, but for safetensors, the network; or its training until then. Also while it trains.

    `keras` is compiled as the job was, with the optimizer's state; `onnx` takes (n, H, W, C) float32. `tensorboard` has
    curves, histograms and filters by epoch, `mlflow` curves, parameters and the model, to be unzipped into the folder
    that `tensorboard --logdir` or `mlflow` is told of. All but `safetensors` and `notebook` are made by a worker when
    they are first asked for.
    """
    snapshot = await run_in_threadpool(open_snapshot, services.database, model_id, query.epoch)
    if query.format == "notebook":
        return await run_in_threadpool(_notebook, snapshot, query, request, services)
    download = _Download(request, query.epoch, snapshot.identity, query)
    if (answer := download.not_modified()) is not None:
        return answer
    if query.format == "safetensors":
        weights = await run_in_threadpool(_checked_weights, snapshot, services)
        return download.file(iterate_in_threadpool(weights.chunks()), snapshot, query.format, weights.size)
    return await _made_by_worker(snapshot, query.format, download, services)


async def _made_by_worker(snapshot: Snapshot, name: WorkerFormat, download: _Download, services: Services) -> Response:
    store, path = services.checkpoints.store, export_path(snapshot, name)
    try:
        size = await run_in_threadpool(check_stored, store, path)
    except (FileNotFoundError, Altered):
        await services.inspector.ask("export", snapshot, path=path, format=name)
        size = await run_in_threadpool(check_stored, store, path)
    return download.file(iterate_in_threadpool(read_stored(store, path, size)), snapshot, name, size)


def _checked_weights(snapshot: Snapshot, services: Services) -> WeightsFile:
    weights = weights_file(services.checkpoints, snapshot, describe(snapshot))
    weights.check()
    return weights


def _notebook(snapshot: Snapshot, query: ExportQuery, request: Request, services: Services) -> Response:
    weights = weights_file(services.checkpoints, snapshot, describe(snapshot))
    embedded = weights.size <= services.settings.max_embedded_weights_bytes
    example = _example(snapshot, services)
    url = str(request.url.include_query_params(format="safetensors", epoch=snapshot.epoch))
    # Beyond the weights, the notebook's text has what may differ from one asking to the next.
    rest = [example is not None, "" if embedded else url]
    download = _Download(request, query.epoch, f"{snapshot.identity} {json.dumps(rest)}", query)
    if (answer := download.not_modified()) is not None:
        return answer
    document = notebook(snapshot, weights=b"".join(weights.chunks()) if embedded else url, example=example)
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return download.file(content, snapshot, "notebook", len(content))


def _example(snapshot: Snapshot, services: Services) -> Example | None:
    """The first test image, where the data set is on this machine."""
    reference, catalogue = DatasetReference(snapshot.spec.dataset, "test", 0), services.catalogue
    try:
        return Example(load_reference(reference, catalogue), str(reference), label_of(reference, catalogue))
    except DomainError:
        return None
