"""Layer-wise relevance propagation with the epsilon rule. Source: Bach et al., doi:10.1371/journal.pone.0130140."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from cnnservice.attributions.method import Attribution, Method, total
from cnnservice.attributions.network import Array, Network
from cnnservice.specs.architecture import Summary


class LrpEpsilon(Method):
    """The class's score handed back from layer to layer, to each input by its share in what the layer made of them.

    A share is divided by the whole plus epsilon of the same sign (equation 58), which takes up what is weak and
    contradictory. What biases made of the score, and epsilon took, reaches no pixel: the detail absorbed.
    """

    name: ClassVar = "lrp_epsilon"
    title: ClassVar = "LRP, epsilon rule"
    source: ClassVar = "doi:10.1371/journal.pone.0130140"
    trust: ClassVar = (
        "Shares of the score, less what is absorbed. For ReLUs with a small epsilon it is nearly gradient x input "
        "(arXiv 1711.06104), and as with that the image shows through; with dense layers above, upper layers matter "
        "less than they should (arXiv 1912.09818)."
    )
    signed: ClassVar = True

    epsilon: Annotated[float, Field(gt=0, le=100, description="in units of the layers' outputs before activation")] = (
        0.1
    )

    def attribute(self, network: Network, image: Array, target: int) -> Attribution:
        values = network.relevances(image[None], target, self.epsilon)[0]
        score = network.scores(image[None])[0, target].astype(np.float64)
        return Attribution(values, {"attributed": total(values), "absorbed": np.asarray(score - total(values))})

    def passes(self, summary: Summary) -> int:  # noqa: ARG002
        return 2
