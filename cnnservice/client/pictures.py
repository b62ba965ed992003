"""Pictures and pages: fetched when they are first looked at, and shown by a notebook as what they are."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnservice.client.computing import computed
from cnnservice.client.problems import ClientError
from cnnservice.client.transport import Parameters, Transport

_PAGE_HEIGHT = 640


class NoSuchForm(ClientError):
    """What is asked for is not to be had in this form."""

    def __init__(self, path: str, form: str, forms: tuple[str, ...]) -> None:
        super().__init__(f"{path} is not to be had as {form!r}; its forms are {', '.join(forms)}.")


class View:
    """What is at one address in several forms, of which the first is looked at. Each is fetched once, and kept.

    first_alone are parameters that only the first form knows. Of `last`, each form is of the epoch that is the last
    when it is fetched.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        parameters: Parameters,
        forms: tuple[str, ...],
        first_alone: Mapping[str, str] | None = None,
    ) -> None:
        self._transport, self._path, self._forms = transport, path, forms
        self._parameters, self._first_alone = parameters, first_alone or {}
        self._fetched: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where it is, for an `<img>`, an `<iframe>` or a browser."""
        return self._transport.url(*self._place(self._forms[0]))

    @property
    def json(self) -> dict[str, Any]:
        """The facts and numbers behind it. Raises NoSuchForm, ProblemError."""
        document: dict[str, Any] = json.loads(self.content("json"))
        return document

    @property
    def array(self) -> NDArray[Any]:
        """The numbers drawn, float32; of tiles (n, H, W) in the order drawn. Raises NoSuchForm, ProblemError."""
        numbers: NDArray[Any] = np.load(io.BytesIO(self.content("npy")), allow_pickle=False)
        return numbers

    def save(self, path: str | Path) -> Path:
        """Write it to a file, in the form that the file's ending says. Raises NoSuchForm, ProblemError."""
        file = Path(path)
        file.write_bytes(self.content(file.suffix.removeprefix(".")))
        return file

    def content(self, form: str) -> bytes:
        """The file itself, in one of its forms: `png`, `json`. Raises NoSuchForm, ProblemError."""
        if form not in self._forms:
            raise NoSuchForm(self._path, form, self._forms)
        if form not in self._fetched:
            self._fetched[form] = computed(self._transport, *self._place(form)).content
        return self._fetched[form]

    def _place(self, form: str) -> tuple[str, Parameters]:
        first_alone = self._first_alone if form == self._forms[0] else {}
        return f"{self._path}.{form}", {**self._parameters, **first_alone}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"


class Picture(View):
    """A picture, which a notebook shows."""

    @property
    def image(self) -> Image.Image:
        """The picture itself. Raises ProblemError."""
        return Image.open(io.BytesIO(self.content("png")))

    def _repr_png_(self) -> bytes:
        return self.content("png")


class Page(View):
    """A page with controls, which loads nothing; a notebook shows it in a frame."""

    @property
    def html(self) -> str:
        """The page itself. Raises ProblemError."""
        return self.content("html").decode()

    def _repr_html_(self) -> str:
        # A frame of its own origin: the page's script reaches nothing of the notebook.
        return (
            f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(self.html)}" title="{html.escape(self.url)}" '
            f'style="width: 100%; height: {_PAGE_HEIGHT}px; border: 0; resize: vertical"></iframe>'
        )
