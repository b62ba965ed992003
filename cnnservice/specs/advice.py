"""What Keras would take without a word, and a teacher would not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cnnservice.specs.architecture import BASE_POINTER, Architecture, Node, nodes
from cnnservice.specs.job import Compile
from cnnservice.specs.layers.augmentation import Augmentation
from cnnservice.specs.layers.base import LayerSpec, Shape
from cnnservice.specs.layers.initializers import constant_value
from cnnservice.specs.losses import loss_name, takes_logits

_KERNEL_INITIALIZERS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
_CROSSENTROPIES = ("categorical_crossentropy", "categorical_focal_crossentropy", "kl_divergence")


Code = Literal[
    "weights-all-zero", "weights-all-equal", "no-nonlinearity", "augmentation-inside", "activation-twice",
    "sigmoid-output", "no-probabilities", "softmax-output",
]  # fmt: skip


@dataclass(frozen=True)
class Warning:
    """Something allowed that will probably not do what was meant. pointer is where it was said."""

    pointer: str
    code: Code
    detail: str


def advise(architecture: Architecture, input_shape: Shape, compile_spec: Compile) -> tuple[Warning, ...]:
    """What to think twice about, from input to output. Raises ImpossibleArchitecture."""
    graph = nodes(architecture, input_shape)
    by_name = {node.name: node for node in graph}
    # A ready-made network is as its authors meant it.
    own = [node for node in graph if node.pointer != BASE_POINTER]
    warnings = [warning for node in own for warning in (*_equal_weights(node), *_no_nonlinearity(node, by_name))]
    warnings += _late_augmentation(graph, by_name)
    warnings += _output(graph[-1], compile_spec)
    return tuple(warnings)


def _equal_weights(node: Node) -> Iterator[Warning]:
    if not node.layer.trainable:
        return
    for field in _KERNEL_INITIALIZERS:
        value = constant_value(getattr(node.layer, field, None) or "glorot_uniform")
        if value is None:
            continue
        if value == 0:
            yield Warning(
                f"{node.pointer}/{field}",
                "weights-all-zero",
                f"All weights of {node.name!r} begin at zero: nothing flows through it, and every unit learns the "
                "same. Use a random initializer.",
            )
        else:
            yield Warning(
                f"{node.pointer}/{field}",
                "weights-all-equal",
                f"All weights of {node.name!r} begin at {value:g}: its units are alike and stay alike, as they get "
                "the same gradient. Use a random initializer.",
            )


def _no_nonlinearity(node: Node, by_name: Mapping[str, Node]) -> Iterator[Warning]:
    if not node.layer.has_kernel:
        return
    for name in node.inputs:
        before = by_name.get(name)
        while before is not None and before.layer.is_linear() and not before.layer.has_kernel:
            before = by_name.get(before.inputs[0])
        if before is not None and before.layer.has_kernel and before.layer.is_linear():
            yield Warning(
                node.pointer,
                "no-nonlinearity",
                f"Between {before.name!r} and {node.name!r} there is no non-linearity: together they can do no more "
                "than one linear layer. Give the first an activation, for instance relu.",
            )
            return


def _late_augmentation(graph: tuple[Node, ...], by_name: Mapping[str, Node]) -> Iterator[Warning]:
    for node in graph:
        before = by_name.get(node.inputs[0])
        if isinstance(node.layer, Augmentation) and before is not None and not isinstance(before.layer, Augmentation):
            yield Warning(
                node.pointer,
                "augmentation-inside",
                f"{node.name!r} changes feature maps, not images; augmentation belongs before the first other layer.",
            )


def _output(last: Node, compile_spec: Compile) -> Iterator[Warning]:
    activation, loss = _output_activation(last.layer), loss_name(compile_spec.loss)
    if takes_logits(compile_spec.loss):
        if activation in ("softmax", "sigmoid"):
            yield Warning(
                last.pointer,
                "activation-twice",
                f"{last.name!r} has a {activation}, and the loss, with from_logits, applies one again. Leave one out.",
            )
        return
    if loss in _CROSSENTROPIES and activation == "sigmoid":
        yield Warning(
            last.pointer,
            "sigmoid-output",
            f"{last.name!r} has a sigmoid under {loss}: its outputs are not probabilities that sum to 1, and Keras "
            "takes the loss of the softmax of what goes into it, which is not what is shown. Use softmax, or "
            "binary_crossentropy.",
        )
    elif loss in (*_CROSSENTROPIES, "binary_crossentropy") and activation not in ("sigmoid", "softmax"):
        yield Warning(
            last.pointer,
            "no-probabilities",
            f"{last.name!r} ends in {activation or 'linear'}, but {loss} takes probabilities. Use softmax, or the "
            "loss with from_logits.",
        )
    elif loss == "binary_crossentropy" and activation == "softmax":
        yield Warning(
            last.pointer,
            "softmax-output",
            f"{last.name!r} has a softmax under binary_crossentropy, which asks of each class by itself. "
            "Use sigmoid, or categorical_crossentropy.",
        )


def _output_activation(layer: LayerSpec) -> str | None:
    activation: str | None = getattr(layer, "activation", None)
    return activation
