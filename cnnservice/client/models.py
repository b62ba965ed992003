"""A model: what a job trains, at any of its epochs, also while it still trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Unpack

from cnnservice.client.images import ImageLike, reference_of
from cnnservice.client.layers import Layer
from cnnservice.client.parameters import AttributionDrawing, Epoch, ExportFormat, Invert, Randomization, SanityCheck
from cnnservice.client.pictures import Picture
from cnnservice.client.place import NUMBERED, Place
from cnnservice.client.predictions import Prediction, prediction_of
from cnnservice.client.summaries import Summary, summary_of
from cnnservice.client.transport import Transport


class Model:
    """A model at an epoch: `last`, or a number; 0 is before training. Nothing is fetched before it is asked for."""

    def __init__(self, transport: Transport, id: str, epoch: Epoch = "last") -> None:
        self.id, self.epoch = id, epoch
        self._place = Place(transport, "/v1/models", epoch).below(id)

    def at(self, epoch: Epoch) -> Model:
        """The same model at another epoch."""
        return Model(self._place.transport, self.id, epoch)

    @property
    def json(self) -> dict[str, Any]:
        """Summary, data set, epochs available, lineage, runtime. Raises ProblemError."""
        document: dict[str, Any] = self._place.json()
        return document

    @property
    def summary(self) -> Summary:
        """Shapes and parameters, layer by layer; print it."""
        return summary_of(self.json)

    @property
    def epochs(self) -> list[int]:
        """The epochs that can be looked at."""
        return list(self.json["epochs_available"])

    @property
    def layers(self) -> list[Layer]:
        """Its layers, from input to output."""
        return [self.layer(layer.name) for layer in self.summary.layers]

    def layer(self, name: str) -> Layer:
        """One of its layers. That there is none of the name is said when something is asked of it."""
        return Layer(self._place, name)

    def weights(self, *, epoch: Epoch | None = None) -> dict[str, list[dict[str, Any]]]:
        """Of each layer the arrays it has: name, shape, range, mean and deviation."""
        return {each["name"]: each["weights"] for each in self._place.below("layers").json(epoch)["layers"]}

    def history(self, *, epoch: Epoch | None = None) -> dict[str, list[float]]:
        """Columns by epoch: `epoch`, `seconds`, `loss`, `val_loss` and the metrics, for instance for a DataFrame."""
        document = self._place.below("history.json").json(epoch)
        return {"epoch": document["epoch"], "seconds": document["seconds"], **document["history"]}

    def history_picture(self, *, epoch: Epoch | None = None) -> Picture:
        """Loss and accuracy by epoch."""
        return self._place.below("history").picture(("png", "svg", "csv", "json"), epoch, {})

    def predict(self, image: ImageLike, *, epoch: Epoch | None = None, invert: Invert | None = None) -> Prediction:
        """What it says of an image. Raises BadImage, ProblemError."""
        reference = reference_of(self._place.transport, image)
        parameters = {"image": reference, "invert": invert}
        return prediction_of(self._place.below("predictions.json").json(epoch, parameters))

    def attribution(
        self,
        method: str,
        image: ImageLike,
        *,
        epoch: Epoch | None = None,
        invert: Invert | None = None,
        **drawing: Unpack[AttributionDrawing],
    ) -> Picture:
        """What in an image speaks for a class, the predicted one if none is said; array is (H, W, C).

        method: a name of Client.attribution_methods(). Raises BadImage.
        """
        reference = reference_of(self._place.transport, image)
        parameters = {"image": reference, "invert": invert, **drawing}
        return self._place.below("attributions", method).picture(NUMBERED, epoch, parameters)

    def sanity_check(
        self, *, epoch: Epoch | None = None, show: Randomization | None = None, **check: Unpack[SanityCheck]
    ) -> Picture:
        """Which methods of attribution show what was learned; json has the verdicts. Waited for.

        show: which randomization is drawn, `cascading` or `independent`. Source: arXiv 1810.03292.
        """
        return self._place.below("sanity_checks").picture(("png", "json"), epoch, check, {"show": show})

    def evaluation(self, *, epoch: Epoch | None = None, limit: int | None = None) -> dict[str, Any]:
        """How good it is on its test images: loss, accuracy, each class, and the `limit` surest mistakes."""
        document: dict[str, Any] = self._place.below("evaluation.json").json(epoch, {"limit": limit})
        return document

    def confusion(self, *, epoch: Epoch | None = None) -> Picture:
        """Which classes are taken for which."""
        return self._place.below("confusion").picture(("png",), epoch, {})

    def mistakes(
        self,
        *,
        epoch: Epoch | None = None,
        limit: int | None = None,
        cols: int | None = None,
        scale: int | None = None,
    ) -> Picture:
        """The surest mistakes, with what each is taken for."""
        parameters = {"limit": limit, "cols": cols, "scale": scale}
        return self._place.below("mistakes").picture(("png",), epoch, parameters)

    def similarity(
        self,
        *,
        with_: Model | None = None,
        over: Literal["layers", "epochs"] | None = None,
        layer: str | None = None,
        images: int | None = None,
        epoch: Epoch | None = None,
    ) -> Picture:
        """How alike its layers tell the test images apart, or its and another model's; array is (rows, columns).

        over: `layers`, or `epochs` for one layer with itself. Linear CKA, waited for. Source: arXiv 1905.00414.
        """
        other = {} if with_ is None else {"with": with_.id, "with_epoch": with_.epoch}
        parameters = {"over": over, "layer": layer, "images": images, **other}
        return self._place.below("similarity").picture(NUMBERED, epoch, parameters)

    def export(self, format: ExportFormat, path: str | Path, *, epoch: Epoch | None = None) -> Path:
        """Write the model to a file. Raises ProblemError."""
        file, said = Path(path), self._place.epoch if epoch is None else epoch
        answer = self._place.transport.get(self._place.below("export").path, {"format": format, "epoch": str(said)})
        file.write_bytes(answer.content)
        return file

    def __repr__(self) -> str:
        return f"<Model {self.id} at epoch {self.epoch}>"
