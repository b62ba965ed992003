"""Architectures: those that ship, and whether one of a client's own can stand."""

from __future__ import annotations

from fastapi import APIRouter

from api.problems import problems
from api.schemas import ArchitectureQuestion, Preset, PresetList, SummaryAnswer, summary_answer
from api.services import ServicesDep
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.datasets.registry import get_dataset
from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs.job import check_architecture
from cnnservice.specs.presets import PRESETS

router = APIRouter(prefix="/v1/architectures", tags=["architectures"])


@router.get("", summary="List the presets")
def list_architectures() -> PresetList:
    """Every architecture that ships, with its layers."""
    return PresetList(
        items=[
            Preset(name=name, layers=architecture.model_dump(mode="json", exclude_defaults=False)["layers"])
            for name, architecture in PRESETS.items()
        ]
    )


@router.post("/validate", summary="Check an architecture for a data set", responses=problems(413, 422))
def validate_architecture(question: ArchitectureQuestion, services: ServicesDep) -> SummaryAnswer:
    """Shapes and parameters, layer by layer; 422 says which layer cannot stand, and why."""
    try:
        dataset = get_dataset(question.dataset)
    except UnknownDataset as error:
        raise InvalidError(error.detail, errors=(FieldError("/dataset", error.detail),)) from None
    return summary_answer(
        check_architecture(question.architecture, dataset.shape, len(dataset.classes), services.settings)
    )
