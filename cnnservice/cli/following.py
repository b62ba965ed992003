"""Follow a job on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cnnservice.client import BatchEvent, EpochEvent, Job, StatusEvent
from cnnservice.client.events import metrics_text


def follow(job: Job, console: Console) -> None:
    """Show a job until its end, how it then stands. Raises ClientError."""
    bar = Progress(
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(),
        TextColumn("{task.fields[metrics]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    start, total = job.json["start_epoch"], job.json["epochs"]
    last = start + total
    with bar:
        task = bar.add_task(job.id, total=total, epoch=f"{start}/{last}", metrics="waiting for a worker")
        for event in job.watch():
            if isinstance(event, StatusEvent):
                bar.update(task, metrics=str(event))
            elif isinstance(event, BatchEvent | EpochEvent):
                epoch, metrics = f"{event.epoch}/{last}", metrics_text(event.metrics)
                bar.update(task, completed=event.done - start, epoch=epoch, metrics=metrics)
            if isinstance(event, EpochEvent) and not console.is_terminal:
                console.print(str(event), highlight=False)


def urls_to_open(model_id: str) -> list[tuple[str, str]]:
    """What there is to see of a model of the preset `cnn`, each with its path."""
    model, digit = f"/v1/models/{model_id}", "image=mnist:test:0"
    return [
        ("all of it on one page", f"/?view=look&model={model_id}"),
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
