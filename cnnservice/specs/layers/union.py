"""The allow-list: every layer a client may name, told apart by `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cnnservice.specs.layers.augmentation import (
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from cnnservice.specs.layers.convolution import Conv1D, Conv2D, Conv3D
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.depthwise import DepthwiseConv2D, SeparableConv2D
from cnnservice.specs.layers.dropout import Dropout, SpatialDropout2D
from cnnservice.specs.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from cnnservice.specs.layers.merging import Add, Concatenate
from cnnservice.specs.layers.nonlinearity import Activation, LeakyReLU, ReLU
from cnnservice.specs.layers.normalization import BatchNormalization, LayerNormalization
from cnnservice.specs.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from cnnservice.specs.layers.reshaping import Flatten, Reshape, UpSampling2D, ZeroPadding2D
from cnnservice.specs.layers.transposed import Conv2DTranspose

AnyLayer = Annotated[
    Conv1D
    | Conv2D
    | Conv3D
    | DepthwiseConv2D
    | SeparableConv2D
    | Conv2DTranspose
    | MaxPooling1D
    | MaxPooling2D
    | MaxPooling3D
    | AveragePooling1D
    | AveragePooling2D
    | AveragePooling3D
    | GlobalMaxPooling1D
    | GlobalMaxPooling2D
    | GlobalMaxPooling3D
    | GlobalAveragePooling1D
    | GlobalAveragePooling2D
    | GlobalAveragePooling3D
    | Dense
    | Flatten
    | Reshape
    | ZeroPadding2D
    | UpSampling2D
    | Dropout
    | SpatialDropout2D
    | BatchNormalization
    | LayerNormalization
    | Activation
    | ReLU
    | LeakyReLU
    | Add
    | Concatenate
    | RandomFlip
    | RandomTranslation
    | RandomRotation
    | RandomZoom
    | RandomContrast,
    Field(discriminator="type"),
]
