"""A network trained on ImageNet, frozen, under a head of one's own."""

from __future__ import annotations

from cnnservice.specs.applications.mobilenet_v2 import MobileNetV2
from cnnservice.specs.applications.resnet50_v2 import ResNet50V2
from cnnservice.specs.applications.union import AnyApplication
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.base import Shape
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.dropout import Dropout
from cnnservice.specs.layers.global_pooling import GlobalAveragePooling2D


def mobilenet_v2(_input_shape: Shape, classes: int) -> Architecture:
    """Under it MobileNetV2."""
    return _under(MobileNetV2(), classes)


def resnet50_v2(_input_shape: Shape, classes: int) -> Architecture:
    """Under it ResNet50V2."""
    return _under(ResNet50V2(), classes)


def _under(base: AnyApplication, classes: int) -> Architecture:
    return Architecture(
        base=base,
        layers=(
            GlobalAveragePooling2D(name="features"),
            Dropout(name="dropout", rate=0.2),
            Dense(name="predictions", units=classes, activation="softmax"),
        ),
    )
