"""The allow-list: every layer a client may name, told apart by `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cnnservice.specs.layers.convolution import Conv2D
from cnnservice.specs.layers.core import Dense, Dropout, Flatten
from cnnservice.specs.layers.pooling import MaxPooling2D

AnyLayer = Annotated[Conv2D | MaxPooling2D | Flatten | Dense | Dropout, Field(discriminator="type")]
