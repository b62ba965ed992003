"""How each layer of the allow-list is said in ONNX, by the name of its Keras class. Adding one: an entry here."""

from __future__ import annotations

from collections.abc import Callable

from cnnservice.nn.to_onnx import activations, convolutions, normalization, reshaping
from cnnservice.nn.to_onnx.pooling import global_pooling, pooling

# (graph, layer, *input tensors) -> output tensor.
CONVERTERS: dict[str, Callable[..., str]] = {
    "Conv1D": convolutions.convolution,
    "Conv2D": convolutions.convolution,
    "Conv3D": convolutions.convolution,
    "DepthwiseConv2D": convolutions.depthwise,
    "SeparableConv2D": convolutions.separable,
    "Conv2DTranspose": convolutions.transposed,
    "Dense": convolutions.dense,
    **{f"MaxPooling{rank}D": pooling("MaxPool") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": pooling("AveragePool") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": global_pooling("ReduceMax") for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": global_pooling("ReduceMean") for rank in (1, 2, 3)},
    "Flatten": reshaping.reshape,
    "Reshape": reshaping.reshape,
    "ZeroPadding2D": reshaping.zero_padding,
    "UpSampling2D": reshaping.up_sampling,
    "BatchNormalization": normalization.batch_normalization,
    "LayerNormalization": normalization.layer_normalization,
    "Activation": activations.activation,
    "ReLU": activations.relu,
    "LeakyReLU": activations.leaky_relu,
    "Add": reshaping.add,
    "Concatenate": reshaping.concatenate,
    "Dropout": reshaping.identity,
    "SpatialDropout2D": reshaping.identity,
    "RandomFlip": reshaping.identity,
    "RandomTranslation": reshaping.identity,
    "RandomRotation": reshaping.identity,
    "RandomZoom": reshaping.identity,
    "RandomContrast": reshaping.identity,
}
