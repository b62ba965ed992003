"""Follow a job on the terminal, fed by its event stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, aconnect_sse
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cnnservice.cli.requests import RequestFailed, ask, check

_RETRY_SECONDS = 1.0
_PATIENCE = 30  # tries without a single event before giving up
_PASSING = (502, 503, 504)


async def follow(client: httpx.AsyncClient, job_id: str, console: Console) -> dict[str, Any]:
    """Show a job until its end, and return the end's event. Raises RequestFailed."""
    bar = Progress(
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(),
        TextColumn("{task.fields[metrics]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    job = await ask(client, "GET", f"/v1/jobs/{job_id}")
    start, total = job["start_epoch"], job["epochs"]
    last = start + total
    with bar:
        task = bar.add_task(job_id, total=total, epoch=f"{start}/{last}", metrics="waiting for a worker")
        async for event in _events(client, job_id):
            body = json.loads(event.data)
            if event.event == "status":
                waiting = "waiting for a worker" if body["status"] == "queued" else body["status"]
                bar.update(task, metrics=waiting)
            elif event.event == "batch":
                done = body["epoch"] - 1 - start + body["step"] / body["steps"]
                bar.update(task, completed=done, epoch=f"{body['epoch']}/{last}", metrics=_metrics(body))
            elif event.event == "epoch":
                bar.update(
                    task, completed=body["epoch"] - start, epoch=f"{body['epoch']}/{last}", metrics=_metrics(body)
                )
                if not console.is_terminal:
                    console.print(f"epoch {body['epoch']}/{last}  {_metrics(body)}", highlight=False)
            elif event.event == "end":
                end: dict[str, Any] = body
                return end
    # The stream says no more than that the job has ended.
    return await ask(client, "GET", f"/v1/jobs/{job_id}")


def urls_to_open(model_id: str) -> list[tuple[str, str]]:
    """What there is to see of a model of the preset `cnn`, each with its path."""
    model, digit = f"/v1/models/{model_id}", "image=mnist:test:0"
    return [
        ("training images", "/v1/datasets/mnist/train/images.png"),
        ("loss and accuracy", f"{model}/history.png"),
        ("Conv1: 32 filters", f"{model}/layers/Conv1/filters.png"),
        ("Conv1: filters by epoch", f"{model}/layers/Conv1/animation.html"),
        ("Conv2: 64 of its 2048 slices", f"{model}/layers/Conv2/filters.png?channel=all&sample=64"),
        ("Conv2: 64 slices by epoch", f"{model}/layers/Conv2/animation.html?channel=all&count=64"),
        ("Conv1: feature maps of a digit", f"{model}/layers/Conv1/activations.png?{digit}"),
        ("what the network says of it", f"{model}/predictions.json?{digit}"),
        ("and what in it says so", f"{model}/attributions/integrated_gradients.png?{digit}"),
        ("what each class looks like to it", f"{model}/layers/FC2/maximization.png"),
        ("FC1: classes set apart, by epoch", f"{model}/layers/FC1/embedding.html"),
    ]


async def _events(client: httpx.AsyncClient, job_id: str) -> AsyncIterator[ServerSentEvent]:
    last_id, failures = "", 0
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            async with aconnect_sse(client, "GET", f"/v1/jobs/{job_id}/events", headers=headers) as source:
                if source.response.status_code == 204:
                    return
                if source.response.status_code in _PASSING:
                    raise httpx.RemoteProtocolError(f"it answers {source.response.status_code}")
                if not source.response.is_success:
                    await source.response.aread()
                    check(source.response)
                async for event in source.aiter_sse():
                    if not event.data:
                        continue  # what httpx-sse makes of the comment that keeps a silent stream open
                    failures, last_id = 0, event.id
                    yield event
                    if event.event == "end":
                        return
        except httpx.TransportError as error:
            failures += 1
            if failures > _PATIENCE:
                raise RequestFailed(f"The service at {client.base_url} no longer answers ({error}).") from None
        await asyncio.sleep(_RETRY_SECONDS)


def _metrics(body: dict[str, Any]) -> str:
    names = {
        "loss": "loss",
        "categorical_accuracy": "acc",
        "val_loss": "val loss",
        "val_categorical_accuracy": "val acc",
    }
    return "  ".join(f"{label} {body[name]:.3f}" for name, label in names.items() if name in body)
