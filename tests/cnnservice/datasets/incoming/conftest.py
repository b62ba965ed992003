"""Files as a client would send them, and what reading them makes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.datasets.incoming.reading import read_dataset
from cnnservice.datasets.uploaded import Record
from cnnservice.settings import Settings

Read = Callable[..., tuple[Record, dict[str, NDArray[Any]]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a file's content; the record, and the arrays as NumPy loads them."""

    def _read(
        content: bytes, size: tuple[int, int] | None = None, **settings: int
    ) -> tuple[Record, dict[str, NDArray[Any]]]:
        folder = tmp_path / "arrays"
        folder.mkdir(exist_ok=True)
        record = read_dataset(BytesIO(content), folder, Settings(**settings), size=size)  # type: ignore[arg-type]
        return record, {path.stem: np.load(path, allow_pickle=False) for path in folder.glob("*.npy")}

    return _read


def npz(**arrays: NDArray[Any]) -> bytes:
    """An .npz."""
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A .zip."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def png(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """A picture file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()
