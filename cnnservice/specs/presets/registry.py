"""The presets by name. Adding one is a file like lenet5.py and its entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cnnservice.errors import FieldError, InvalidError
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.presets.lenet5 import lenet5
from cnnservice.specs.presets.mlp import mlp
from cnnservice.specs.presets.resnet20 import resnet20
from cnnservice.specs.presets.transfer import mobilenet_v2, resnet50_v2
from cnnservice.specs.presets.two_convolutions import cnn, cnn_two_filters
from cnnservice.specs.presets.vgg_small import vgg_small


class UnknownPreset(InvalidError):
    """No architecture of that name ships."""

    code = "unknown-preset"
    title = "Unknown architecture"

    def __init__(self, name: str) -> None:
        detail = (
            f"There is no architecture {name!r}; known: {', '.join(sorted(PRESETS))}. "
            'Or describe one: {"layers": [{"type": "conv2d", …}, …]}.'
        )
        super().__init__(detail, errors=(FieldError("/architecture", detail),))


@dataclass(frozen=True)
class Preset:
    """An architecture as a function of the images' shape (H, W, C) and the number of classes.

    made_for is the shape it is listed with, optimizer the one it is known to train well with.
    """

    description: str
    build: Callable[[Shape, int], Architecture]
    made_for: Shape = (28, 28, 1)
    optimizer: str = "sgd"


PRESETS: dict[str, Preset] = {
    "cnn": Preset("two 5x5 convolutions of 32 and 64 filters, dense 100", cnn),
    "cnn_two_filters": Preset("the same with two filters in the second convolution", cnn_two_filters),
    "mlp": Preset("no convolution: dense 64, 32", mlp, optimizer="adam"),
    "lenet5": Preset("LeNet-5 of 1998: 6 and 16 filters, average pooling, tanh", lenet5),
    "vgg_small": Preset("three pairs of 3x3 convolutions, as in VGG", vgg_small, (32, 32, 3), "adam"),
    "resnet20": Preset("the residual network of 20 layers made for CIFAR-10", resnet20, (32, 32, 3), "adam"),
    "mobilenet_v2": Preset(
        "ImageNet's MobileNetV2, frozen, under a head of its own", mobilenet_v2, (32, 32, 3), "adam"
    ),
    "resnet50_v2": Preset("ImageNet's ResNet50V2, frozen, under a head of its own", resnet50_v2, (32, 32, 3), "adam"),
}


def preset(name: str, input_shape: Shape, classes: int) -> Architecture:
    """The architecture of that name for images (H, W, C). Raises UnknownPreset."""
    if name not in PRESETS:
        raise UnknownPreset(name)
    return PRESETS[name].build(input_shape, classes)
