"""The methods by name. Adding one: a file beside this one, and an entry here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from cnnservice.attributions.deconvnet import Deconvnet
from cnnservice.attributions.grad_cam import GradCam
from cnnservice.attributions.grad_cam_plus_plus import GradCamPlusPlus
from cnnservice.attributions.gradient import Gradient
from cnnservice.attributions.gradient_input import GradientInput
from cnnservice.attributions.guided_backprop import GuidedBackprop
from cnnservice.attributions.integrated_gradients import IntegratedGradients
from cnnservice.attributions.layer_cam import LayerCam
from cnnservice.attributions.lrp_epsilon import LrpEpsilon
from cnnservice.attributions.method import Method
from cnnservice.attributions.occlusion import Occlusion
from cnnservice.attributions.score_cam import ScoreCam
from cnnservice.attributions.smoothgrad import SmoothGrad
from cnnservice.errors import NotFoundError

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        Gradient,
        GradientInput,
        SmoothGrad,
        IntegratedGradients,
        GuidedBackprop,
        Deconvnet,
        GradCam,
        GradCamPlusPlus,
        ScoreCam,
        LayerCam,
        Occlusion,
        LrpEpsilon,
    )
}


# One of a list, and an error of its own tells the list where it is not.
MethodName = Annotated[str, Field(json_schema_extra={"enum": list[JsonValue](METHODS)})]


class UnknownMethod(NotFoundError):
    """No method of attribution has that name."""

    code = "unknown-method"
    title = "Unknown method"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no method of attribution {name!r}; there are: {', '.join(METHODS)}.")


def find_method(name: str) -> type[Method]:
    """The method of that name. Raises UnknownMethod."""
    if name not in METHODS:
        raise UnknownMethod(name)
    return METHODS[name]
