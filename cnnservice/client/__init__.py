"""A client in Python: train, watch and look inside, from a notebook or a script.

    from cnnservice.client import Client

    client = Client("http://127.0.0.1:8000")
    model = client.train("mnist", epochs=10).wait()
    model.layer("Conv1").filters(epoch=3)

A picture is fetched when it is looked at, and shows itself in a notebook.
"""

from cnnservice.client.client import DEFAULT_URL, Client
from cnnservice.client.comparisons import Comparison
from cnnservice.client.datasets import Dataset, Sample
from cnnservice.client.events import BatchEvent, EndEvent, EpochEvent, Event, StatusEvent
from cnnservice.client.images import BadImage
from cnnservice.client.jobs import Job, TrainingFailed
from cnnservice.client.layers import Layer
from cnnservice.client.models import Model
from cnnservice.client.pictures import NoSuchForm, Page, Picture
from cnnservice.client.predictions import Prediction
from cnnservice.client.problems import BadAddress, ClientError, NoAnswer, NotThisService, ProblemError
from cnnservice.client.summaries import Summary
from cnnservice.client.sweeps import Sweep, SweepFailed

__all__ = [
    "DEFAULT_URL",
    "BadAddress",
    "BadImage",
    "BatchEvent",
    "Client",
    "ClientError",
    "Comparison",
    "Dataset",
    "EndEvent",
    "EpochEvent",
    "Event",
    "Job",
    "Layer",
    "Model",
    "NoAnswer",
    "NoSuchForm",
    "NotThisService",
    "Page",
    "Picture",
    "Prediction",
    "ProblemError",
    "Sample",
    "StatusEvent",
    "Summary",
    "Sweep",
    "SweepFailed",
    "TrainingFailed",
]
