"""Every setting of the service, read from the environment with the prefix CNNSERVICE_."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, PlainSerializer
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cnnservice.origins import Origins

# A unix socket's path may have 107 bytes on Linux and 103 on macOS.
_SOCKET_PATH_BYTES = 100


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


# Written as it is read, so that a process can hand its settings to another.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), PlainSerializer(",".join)]


class Settings(BaseSettings):
    """One object, made once at the edge of a process and handed in. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(env_prefix="CNNSERVICE_", frozen=True, extra="ignore")

    # Where it listens and keeps things.
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    data_dir: Path = Field(Path(".cnnservice"), description="where everything lies that lies on this machine")
    database_url: str | None = Field(None, description="SQLAlchemy URL; SQLite under data_dir when unset")
    redis_url: str | None = Field(None, description="Redis URL; an embedded Valkey under data_dir when unset")
    store_url: str | None = Field(None, description="artifact store (file, s3, gs, az); data_dir when unset")

    # What a client may hold.
    stall_seconds: float = Field(
        30.0, gt=0, description="for the head of a request, the next part of a body, or an answer to be read"
    )
    max_head_bytes: int = Field(64 << 10, ge=1024, description="the first line of a request, and its headers")
    max_connections: int = Field(800, ge=1, description="at once, event streams among them; below the limit of files")

    # Who may do what, where keys have been made.
    allow_without_keys: bool = Field(
        False, description="listen on other addresses than the loopback though no key has been made"
    )
    key_cache_seconds: float = Field(1.0, ge=0, description="a revoked key is good for so long at the most")
    session_seconds: int = Field(12 * 3600, ge=60, description="how long a browser is known by its cookie")
    requests_per_second: float = Field(100.0, gt=0, description="of one key, or of an address with no good key")
    requests_burst: int = Field(1000, ge=1, description="how many may come at once")
    max_owner_live_jobs: int = Field(50, ge=1, description="queued and running, of one owner of keys")
    max_owner_stored_bytes: int = Field(50 << 30, ge=1, description="the weights of one owner's models")

    # What browsers need.
    cors_origins: Origins = Field(
        (), description="origins whose pages may read answers, between commas, or *; none when empty"
    )
    ticket_seconds: int = Field(60, ge=1, description="how long a ticket opens an event stream")
    gzip_min_bytes: int = Field(1024, ge=0, description="shorter answers are not compressed")

    # What it tells of itself.
    log_format: Literal["text", "json"] = Field("text", description="lines on stderr for people, or for a collector")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="of what each process logs, the least that is written"
    )
    access_log: bool | None = Field(None, description="a line a request; when unset, only where log_format is json")
    otlp_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices("CNNSERVICE_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"),
        description="OpenTelemetry collector (OTLP over HTTP) that takes traces; none are made when unset",
    )

    # How long an outage is waited for.
    database_timeout_seconds: float = Field(5.0, gt=0, description="for a lock or a statement; then 503")
    store_patience_seconds: float = Field(300.0, ge=0, description="for a store that is full or away; then a job fails")

    # Leases and recovery.
    lease_seconds: float = Field(15.0, gt=0, description="a worker that is silent for so long has lost its job")
    heartbeat_seconds: float = Field(1.0, gt=0, description="between two renewals of a lease")
    reconcile_seconds: float = Field(2.0, gt=0, description="between two looks for jobs that have lost their worker")
    republish_after_seconds: float = Field(
        5.0, gt=0, description="what waits for so long is looked for in the broker, and sent anew where it is not there"
    )
    attempt_limit: int = Field(5, ge=1, description="attempts in a row that finish no epoch; then a job fails")

    # What is kept, and for how long; all of it where nothing is said.
    housekeeping_seconds: float = Field(3600.0, gt=0, description="between two rounds that delete what is not kept")
    retain_jobs_days: float | None = Field(None, gt=0, description="ended jobs, with their models, after their end")
    retain_jobs: int | None = Field(None, ge=0, description="so many ended jobs, with their models: the last to end")
    retain_computations_days: float | None = Field(
        None, gt=0, description="ended computations, with their results; asked again, they are done again"
    )
    retain_images_days: float | None = Field(None, gt=0, description="images to be named again, after the last upload")
    retain_idempotency_keys_days: float | None = Field(
        None, gt=0, description="after them, the same key makes a new job"
    )
    retain_audit_days: float | None = Field(None, gt=0, description="who changed what")

    # Workers.
    alive_file: Path | None = Field(None, description="touched by a worker while the broker hears from it")
    gpus: Names = Field(
        (), description="a train worker for each, as CUDA_VISIBLE_DEVICES names it; commas between them"
    )
    worker_child_memory_bytes: int = Field(4 << 30, ge=1 << 28, description="recycle the train child above it")
    warm_models: int = Field(8, ge=1, description="models the inspect worker keeps compiled")
    warm_weights_bytes: int = Field(64 << 20, ge=0, description="weights of other epochs kept with each of them")
    inspect_timeout_seconds: float = Field(60.0, gt=0, description="for an inspect worker's answer; then 503")
    computation_wait_seconds: float = Field(10.0, ge=0, description="a request waits so long for what takes long")
    computation_retry_seconds: float = Field(60.0, ge=0, description="what failed is told so long, then tried anew")
    batch_events_per_second: float = Field(5.0, gt=0, description="of one job, at the most")
    event_stream_entries: int = Field(5000, ge=10, description="events kept for a job in Redis")
    event_stream_seconds: int = Field(24 * 3600, ge=60, description="how long they are kept after the last")

    # Limits on what a client may ask for.
    max_job_seconds: float = Field(
        172_800.0, gt=0, description="that a job may run, all its attempts together; then it fails, its epochs kept"
    )
    max_job_memory_bytes: int = Field(
        8 << 30,
        ge=1 << 20,
        description="that a job may add to the train child; then it fails, and the child is replaced",
    )
    max_train_samples: int = Field(200_000, ge=1, description="images of a job to train on")
    max_test_samples: int = Field(200_000, ge=1, description="images of a job to test on")
    max_live_jobs: int = Field(1000, ge=1, description="queued and running, of all")
    max_epochs: int = Field(1000, ge=1, description="of one job")
    max_batch_size: int = Field(4096, ge=1, description="images in a batch")
    max_layers: int = Field(100, ge=1, description="of an architecture")
    max_parameters: int = Field(50_000_000, ge=1, description="of an architecture, trainable or not")
    max_layer_outputs: int = Field(4_000_000, ge=1, description="numbers in one layer's output for one image")
    max_tags: int = Field(20, ge=0, description="of one job")
    max_sweep_trials: int = Field(64, ge=1, description="trials of one sweep")
    max_stored_bytes: int = Field(20 << 30, ge=1, description="the weights of one job, all epochs that it keeps")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="a JSON body")
    max_upload_bytes: int = Field(10 << 20, ge=1024, description="an uploaded image")
    max_dataset_upload_bytes: int = Field(512 << 20, ge=1024, description="an uploaded data set, as packed")
    max_dataset_bytes: int = Field(2 << 30, ge=1024, description="its pixels, unpacked, all splits")
    max_dataset_images: int = Field(200_000, ge=2, description="in an uploaded data set, all splits")
    max_dataset_image_values: int = Field(
        4_000_000, ge=1, description="numbers in one of its images, height times width times channels"
    )
    max_dataset_picture_pixels: int = Field(
        10_000_000_000, ge=1, description="pixels of all pictures in a .zip, before they are fitted"
    )
    max_classes: int = Field(1000, ge=2, description="of an uploaded data set")
    max_image_pixels: int = Field(25_000_000, ge=1, description="of an uploaded image, before it is decoded")
    max_attribution_operations: int = Field(
        200_000_000_000, ge=1, description="an attribution's passes, each with the operations of its network"
    )
    max_sanity_operations: int = Field(
        20_000_000_000_000, ge=1, description="a sanity check's passes, each with the operations of its network"
    )
    max_slices: int = Field(4096, ge=1, description="tiles in one picture")
    max_picture_pixels: int = Field(50_000_000, ge=1, description="of one picture that is drawn")
    max_animation_frames: int = Field(200, ge=2, description="epochs in one animation; of more, as many, evenly spread")
    max_animation_pixels: int = Field(300_000_000, ge=1, description="pixels in one GIF or WebP, all epochs")
    max_animation_values: int = Field(50_000_000, ge=1, description="weights in one animation, all epochs")
    max_embedded_weights_bytes: int = Field(5 << 20, ge=0, description="held within a notebook; larger are fetched")
    max_compared_models: int = Field(8, ge=2, description="in one comparison")
    max_compared_filters: int = Field(4096, ge=1, description="of one layer, looked through for duplicates")
    max_maximization_steps: int = Field(1024, ge=1, description="of the ascent to the input that a filter prefers")
    max_maximized_inputs: int = Field(4096, ge=1, description="inputs that are sought at once, all epochs together")
    max_represented_images: int = Field(1000, ge=5, description="test images in an embedding or a similarity")
    max_representation_values: int = Field(50_000_000, ge=1, description="numbers held of layers' outputs for them")
    max_computation_wait_seconds: float = Field(60.0, ge=0, description="that a request may ask to be waited")
    max_page_size: int = Field(200, ge=1, description="items on a page of a list")

    @cached_property
    def data_path(self) -> Path:
        """data_dir, absolute."""
        return self.data_dir.expanduser().absolute()

    @property
    def logs_requests(self) -> bool:
        """Whether each request makes a log line."""
        return self.log_format == "json" if self.access_log is None else self.access_log

    @property
    def embedded_broker(self) -> bool:
        """Whether the stack starts a Valkey of its own."""
        return self.redis_url is None

    @cached_property
    def socket_path(self) -> Path:
        """The embedded Valkey's unix socket: under data_dir, or in the temporary directory if that is too long."""
        beside_data = self.data_path / "valkey" / "valkey.sock"
        if len(os.fsencode(beside_data)) <= _SOCKET_PATH_BYTES:
            return beside_data
        digest = hashlib.sha256(os.fsencode(self.data_path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"cnnservice-{os.getuid()}-{digest}" / "valkey.sock"

    @cached_property
    def resolved_redis_url(self) -> str:
        """For redis-py."""
        return self.redis_url or f"unix://{self.socket_path}"

    @cached_property
    def resolved_database_url(self) -> str:
        """For SQLAlchemy."""
        return self.database_url or f"sqlite:///{self.data_path / 'cnnservice.db'}"

    @cached_property
    def resolved_store_url(self) -> str:
        """For obstore."""
        return self.store_url or (self.data_path / "artifacts").as_uri()

    @cached_property
    def datasets_path(self) -> Path:
        """Where fetched data sets lie, and where one may be placed by hand."""
        return self.data_path / "datasets"
