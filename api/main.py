"""The application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import cors, openapi, problems
from api.access_log import AccessLog
from api.around import wrap
from api.bodies import FORM_LIMITS
from api.body_limit import BodyLimit
from api.compression import Compression
from api.dispatch import Dispatcher
from api.ending import end
from api.event_hub import EventHub
from api.gate import Gate
from api.head import Head
from api.housekeeping import Housekeeping
from api.inspector import Inspector
from api.keyring import Keyring
from api.messenger import Messenger
from api.metrics import Metrics
from api.numbers import Numbers
from api.request_ids import RequestIds
from api.routes import (
    activations,
    animations,
    architectures,
    attributions,
    compare,
    computations,
    datasets,
    embedding,
    evaluation,
    events,
    exports,
    filters,
    images,
    inputs,
    jobs,
    maximization,
    models,
    page,
    predictions,
    samples,
    sanity_checks,
    session,
    similarity,
    sweeps,
    system,
    tickets,
    top_images,
    weights,
)
from api.services import Services
from api.sessions import Sessions
from api.threads import keep_threads_few
from api.tickets import Tickets
from cnnservice.broker import connect, connect_async
from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.telemetry.askers import Askers
from cnnservice.telemetry.tracing import stop_tracing
from cnnservice.weights import CheckpointStore


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service over HTTP. Nothing is connected before the first request or the start of its lifespan."""
    settings = settings or Settings()
    app = FastAPI(
        title="cnnservice",
        summary="Train convolutional networks over HTTP and look inside them while they learn.",
        version=version("cnnservice"),
        lifespan=_lifespan,
        # The usual pages of documentation load their scripts from elsewhere; this service loads nothing.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # openapi.complete adds it
        # It would lead to whatever host the request names.
        redirect_slashes=False,
        form_limits={**FORM_LIMITS},
        generate_unique_id_function=lambda route: route.name,
        # A span for each request, where start_tracing has been called; numbers are Prometheus'.
        telemetry={"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
    )
    app.state.services = _connect(settings)
    problems.install(app)
    app.add_middleware(
        BodyLimit,
        json_bytes=settings.max_body_bytes,
        upload_bytes=settings.max_upload_bytes,
        larger_uploads={"/v1/datasets": settings.max_dataset_upload_bytes},
        stall_seconds=settings.stall_seconds,
    )
    app.add_middleware(Gate, services=app.state.services)
    # The last one added is the first that a request comes to. HEAD is counted as the GET that it costs.
    app.add_middleware(Compression, min_bytes=settings.gzip_min_bytes)
    app.add_middleware(Metrics)
    app.add_middleware(Head)
    if settings.cors_origins:
        cors.allow(app, settings.cors_origins)
    if settings.logs_requests:
        wrap(app, AccessLog)
    wrap(app, RequestIds)
    # Looked through in this order for every request: first what is asked for picture by picture.
    rooms = (
        filters,
        activations,
        predictions,
        inputs,
        attributions,
        models,
        jobs,
        sweeps,
        animations,
        weights,
        evaluation,
        maximization,
        top_images,
        sanity_checks,
        embedding,
        similarity,
        computations,
        exports,
        events,
        samples,
        tickets,
        session,
        datasets,
        images,
        compare,
        architectures,
        page,
        system,
    )
    for room in rooms:
        app.include_router(room.router)
    openapi.complete(app)
    return app


def _connect(settings: Settings) -> Services:
    database = Database(settings.resolved_database_url, timeout_seconds=settings.database_timeout_seconds)
    messenger = Messenger(settings)
    for_threads = connect(settings)
    events = EventWriter(for_threads, settings)
    client = connect_async(settings)
    store = open_store(settings.resolved_store_url)
    checkpoints = CheckpointStore(store)
    return Services(
        settings=settings,
        database=database,
        checkpoints=checkpoints,
        catalogue=Catalogue(database, store, settings.datasets_path),
        redis=client,
        events=events,
        hub=EventHub(client),
        dispatcher=Dispatcher(settings, database, messenger, events),
        housekeeping=Housekeeping(settings, database, checkpoints),
        inspector=Inspector(client, messenger, settings.inspect_timeout_seconds),
        messenger=messenger,
        tickets=Tickets(client, settings.ticket_seconds),
        sessions=Sessions(client, settings.session_seconds),
        keyring=Keyring(database, settings.key_cache_seconds),
        askers=Askers(for_threads),
        numbers=Numbers(settings, database, client),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    threads = asyncio.create_task(keep_threads_few(), name="threads")
    services.hub.start()
    services.inspector.start()
    services.dispatcher.start()
    services.housekeeping.start()
    yield
    services.hub.close_streams()
    services.housekeeping.stop()
    await run_in_threadpool(services.dispatcher.stop)
    await services.inspector.stop()
    await services.hub.stop()
    await services.redis.aclose()
    await end(threads)
    services.database.close()
    await run_in_threadpool(stop_tracing)
