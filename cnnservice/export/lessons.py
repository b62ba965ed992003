"""What each kind of layer does, in a sentence or two for someone who meets it for the first time."""

from __future__ import annotations

_CONVOLUTION = (
    "slides {window} over its input and multiplies what is under it with its weights, the same everywhere: a filter, "
    "which answers where it finds its pattern. Its parameters are the window's size times the input's channels times "
    "the number of filters, and one bias a filter."
)
_POOLING = (
    "keeps {what} of each window, channel by channel, so that what follows sees a coarser picture. It learns nothing."
)
_GLOBAL = "keeps {what} of each channel over the whole picture: one number a channel. It learns nothing."
_AUGMENTATION = "{does} at random while the network is trained, and leaves images as they are afterwards."
_WINDOWS = {1: "a window", 2: "a small window", 3: "a small box"}

# By the name of the Keras class.
LESSONS: dict[str, str] = {
    **{f"Conv{rank}D": _CONVOLUTION.format(window=window) for rank, window in _WINDOWS.items()},
    "DepthwiseConv2D": (
        "is a convolution that looks at each channel by itself: it finds patterns, and mixes no channels. Its "
        "parameters are the window's size times the input's channels (times depth_multiplier), and the biases."
    ),
    "SeparableConv2D": (
        "is a convolution in two steps, first in each channel by itself, then across channels with a window of 1x1. "
        "It needs far fewer parameters than one that does both at once."
    ),
    "Conv2DTranspose": (
        "is a convolution run backwards: each input pixel paints a window of its weights onto a larger picture."
    ),
    "Dense": (
        "joins every input number with every unit: a weighted sum and a bias a unit. Its parameters are inputs times "
        "units, and the biases."
    ),
    **{f"MaxPooling{rank}D": _POOLING.format(what="the largest number") for rank in _WINDOWS},
    **{f"AveragePooling{rank}D": _POOLING.format(what="the mean") for rank in _WINDOWS},
    **{f"GlobalMaxPooling{rank}D": _GLOBAL.format(what="the largest number") for rank in _WINDOWS},
    **{f"GlobalAveragePooling{rank}D": _GLOBAL.format(what="the mean") for rank in _WINDOWS},
    "Flatten": "lays all numbers out in one row, pixel by pixel and channel by channel. It learns nothing.",
    "Reshape": "lays the same numbers out in another shape. It learns nothing.",
    "ZeroPadding2D": "puts a border of zeros around the picture.",
    "UpSampling2D": "makes the picture larger by repeating pixels, or by blending between them. It learns nothing.",
    "Dropout": (
        "sets a random share of its input to zero while the network is trained, so that no unit can rely on one "
        "other alone. Afterwards it lets all through."
    ),
    "SpatialDropout2D": "is dropout of whole channels at a time, while the network is trained.",
    "BatchNormalization": (
        "brings each channel to mean 0 and spread 1, then scales and shifts it by two learned numbers. While it is "
        "trained it measures each batch; afterwards it uses the running means, which are parameters that no gradient "
        "changes."
    ),
    "LayerNormalization": (
        "brings the numbers of each single image to mean 0 and spread 1, then scales and shifts them by learned "
        "numbers."
    ),
    "Activation": "bends each number by a fixed curve. Without such bends, many layers could do no more than one.",
    "ReLU": "lets positive numbers through and makes negative ones zero. It learns nothing.",
    "LeakyReLU": "lets positive numbers through and shrinks negative ones. It learns nothing.",
    "Add": "adds its inputs number by number: a shortcut past the layers between, along which the gradient flows.",
    "Concatenate": "puts the channels of its inputs side by side.",
    "RandomFlip": _AUGMENTATION.format(does="mirrors images"),
    "RandomTranslation": _AUGMENTATION.format(does="shifts images"),
    "RandomRotation": _AUGMENTATION.format(does="turns images"),
    "RandomZoom": _AUGMENTATION.format(does="zooms into images, or out of them,"),
    "RandomContrast": _AUGMENTATION.format(does="changes the contrast of images"),
}
