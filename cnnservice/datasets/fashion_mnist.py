"""Pieces of clothing, light on black (arXiv 1708.07747)."""

from __future__ import annotations

from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.keras_files import KerasFiles

FASHION_MNIST = Dataset(
    name="fashion_mnist",
    shape=(28, 28, 1),
    classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    splits={"train": 60_000, "test": 10_000},
    source="Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando SE): Fashion-MNIST",
    licence="MIT",
    origin=KerasFiles(
        keras_loader="fashion_mnist",
        algorithm="md5",
        # As its publisher tells them.
        checksums={
            "fashion-mnist/train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "fashion-mnist/train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "fashion-mnist/t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "fashion-mnist/t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
        published_as={},
    ),
)  # fmt: skip
