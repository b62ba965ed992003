"""What the endpoints of sanity checks take and answer with."""

from __future__ import annotations

from pydantic import Field

from api.json_answer import JsonAnswer
from api.queries import EpochQuery
from cnnservice.attributions.registry import MethodName
from cnnservice.sanity.verdicts import Verdict
from cnnservice.specs.sanity import SanityCheck


class SanityCheckBody(SanityCheck, EpochQuery):
    """What is to be checked, at which epoch; all of it has defaults."""


class Similarities(JsonAnswer):
    """How alike maps are to those before, the mean over all images; 1 for the same maps."""

    layer: str = Field(description="whose weights were made random; `all` where the network learned random labels")
    rank: float = Field(description="Spearman's rank correlation of the values")
    rank_absolute: float = Field(description="that of their distances from 0")
    ssim: float = Field(description="structural similarity of the distances from 0, scaled to 0..1")
    hog: float = Field(description="correlation of their histograms of oriented gradients")


class CheckedMethod(JsonAnswer):
    """A method, whether it shows what was learned, and by what that is known."""

    method: MethodName
    verdict: Verdict
    reason: str
    cascading: list[Similarities] | None = Field(None, description="all layers from the last down to this one random")
    independent: list[Similarities] | None = Field(None, description="this layer random, the others as learned")
    data: list[Similarities] | None = Field(None, description="the same architecture after learning random labels")


class DataTraining(JsonAnswer):
    """How the network of random labels was trained; what it shows counts where it knows them by heart."""

    samples: int
    epochs: int
    accuracy: float = Field(description="the part of its random labels that it knows")


class SanityAnswer(JsonAnswer):
    """Whether methods of attribution show what this network has learned (arXiv 1810.03292)."""

    model_id: str
    epoch: int
    check: SanityCheck = Field(description="as asked for, with its defaults")
    images: list[str] = Field(description="the test images whose maps were compared")
    targets: list[int] = Field(description="for each the class that the network predicts, which its maps are about")
    follows_below: float = Field(description="the mean rank correlation below which a method follows the weights")
    hardly_from: float = Field(description="that from which on it hardly does")
    methods: list[CheckedMethod]
    data_training: DataTraining | None
