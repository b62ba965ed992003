"""ImageNet's weights for a network of keras.applications, fetched through Keras' own loader."""

from __future__ import annotations

import os
import warnings

import keras

from cnnservice.errors import UnavailableError
from cnnservice.specs.applications.base import ApplicationSpec
from cnnservice.specs.applications.mobilenet_v2 import MobileNetV2
from cnnservice.specs.layers.base import Shape

# Sides of images that have weights of their own; those for 224 are taken for all others.
_MOBILENET_SIDES = (96, 128, 160, 192, 224)


class PretrainedNotFetched(UnavailableError):
    """The weights are not here and could not be fetched."""

    code = "weights-not-fetched"
    title = "Pretrained weights could not be fetched"

    def __init__(self, base: ApplicationSpec, input_shape: Shape, reason: str) -> None:
        folder = os.path.join(os.environ.get("KERAS_HOME", "~/.keras"), "models")
        super().__init__(
            f"ImageNet's weights of {base.keras_name} could not be fetched ({reason}). To provide them by hand, place "
            f"the file {weights_file(base, input_shape)} of keras.applications in {folder}; or train from scratch, "
            "with weights null."
        )


def take_pretrained(model: keras.Model, base: ApplicationSpec) -> None:
    """Give a model whose first layers are base's ImageNet's weights, if base asks for them.

    Raises PretrainedNotFetched.
    """
    if base.weights is None:
        return
    application = getattr(keras.applications, base.keras_name)
    alpha = {"alpha": base.alpha} if isinstance(base, MobileNetV2) else {}
    input_shape = model.input_shape[1:]
    try:
        with warnings.catch_warnings():
            # That the weights are those for images of 224x224: there are none for others, and they fit.
            warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
            trained = application(input_shape=input_shape, include_top=False, weights=base.weights, **alpha)
    except Exception as error:  # the loader lets through whatever its transport raises
        raise PretrainedNotFetched(base, input_shape, str(error)) from error
    take_weights(model, trained)


def take_weights(model: keras.Model, trained: keras.Model) -> None:
    """Give each layer the weights of the layer of its name. Raises ValueError where there is none that fits."""
    for layer in trained.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())


def weights_file(base: ApplicationSpec, input_shape: Shape) -> str:
    """The name under which Keras keeps the weights of these layers, for images (H, W, C)."""
    if isinstance(base, MobileNetV2):
        height, width = input_shape[:2]
        side = height if height == width and height in _MOBILENET_SIDES else 224
        return f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{base.alpha}_{side}_no_top.h5"
    return "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5"
