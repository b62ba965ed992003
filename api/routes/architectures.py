"""Architectures: those that ship, and whether one of a client's own can stand."""

from __future__ import annotations

from fastapi import APIRouter

from api.problem_groups import BODY
from api.problem_types import DATABASE
from api.problems import problems
from api.schemas import ArchitectureQuestion, Preset, PresetList, SummaryAnswer, summary_answer
from api.services import ServicesDep
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs import presets as specs
from cnnservice.specs.advice import advise
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.errors import ImpossibleArchitecture, LimitExceeded
from cnnservice.specs.job import check_architecture, resolve
from cnnservice.specs.presets import PRESETS
from cnnservice.specs.presets.registry import UnknownPreset

router = APIRouter(prefix="/v1/architectures", tags=["architectures"])
# How many classes the presets are listed with; in a job they have those of its data set.
_CLASSES = 10


@router.get("", summary="List the presets", responses=problems())
def list_architectures() -> PresetList:
    """Every architecture that ships, with its layers."""
    return PresetList(
        items=[_answer(name, preset, preset.build(preset.made_for, _CLASSES)) for name, preset in PRESETS.items()]
    )


@router.post(
    "/validate",
    summary="Check an architecture for a data set",
    responses=problems(*BODY, InvalidError, UnknownPreset, ImpossibleArchitecture, LimitExceeded, DATABASE),
)
def validate_architecture(question: ArchitectureQuestion, services: ServicesDep) -> SummaryAnswer:
    """Shapes and parameters, layer by layer; 422 says which layer cannot stand, and why."""
    try:
        dataset = services.catalogue.get(question.dataset)
    except UnknownDataset as error:
        raise InvalidError(error.detail, errors=(FieldError("/dataset", error.detail),)) from None
    shape, classes = dataset.shape, len(dataset.classes)
    summary = check_architecture(question.architecture, shape, classes, services.settings)
    return summary_answer(summary, advise(resolve(question.architecture, shape, classes), shape, question.compile))


def _answer(name: str, preset: specs.Preset, architecture: Architecture) -> Preset:
    return Preset(
        name=name,
        description=preset.description,
        input_shape=list(preset.made_for),
        optimizer=preset.optimizer,
        params=summarize(architecture, preset.made_for).params,
        base=architecture.base,
        layers=list(architecture.layers),
    )
