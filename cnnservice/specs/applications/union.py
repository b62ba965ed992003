"""The ready-made networks a client may build on, told apart by `name`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cnnservice.specs.applications.mobilenet_v2 import MobileNetV2
from cnnservice.specs.applications.resnet50_v2 import ResNet50V2

AnyApplication = Annotated[MobileNetV2 | ResNet50V2, Field(discriminator="name")]
