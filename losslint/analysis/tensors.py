"""Which values are tensors for certain, and which have left the framework."""

from __future__ import annotations

import ast
import re

from losslint.analysis.node import Node, reach

FRAMEWORK = ("tf.", "K.", "ops.", "keras.", "tfp.", "tnp.", "tfa.")
LEFT = ("np.", "math.", "scipy.", "host")
LENGTHS = frozenset({"shape", "size", "rank"})
DYNAMIC = frozenset({"tf.shape", "tf.shape_n", "tf.size", "tf.rank", "K.shape"})
CALLED = frozenset({"layer"})
LISTS = ("tf.get_collection", "tf.trainable_variables", "tf.global_variables", "tf.all_variables", "tf.model_variables", "tf.losses.get_")
HELD = frozenset({"opaque", "member"})  # what an object or a call gave of which nothing is known
ARRAYS = re.compile(r"ndarray|(?:^|\W)(?:float|int|bool|str)(?:\W|$)")


def _spelling(node: Node) -> str:
    return str(node.details.get("spelling", ""))


def has_left(node: Node) -> bool:
    """Whether a value was computed outside the framework: by numpy, or as a Python number."""
    return _spelling(node).startswith(LEFT)


def _static(node: Node) -> bool:
    """Whether a value is a shape as Python knows it, not one that the framework computes."""
    return node.operation in LENGTHS and _spelling(node) not in DYNAMIC


def _understood(node: Node) -> bool:
    return node.operation not in HELD and not has_left(node) and not _static(node) and not _spelling(node).startswith(LISTS)


def is_tensor(node: Node) -> bool:
    """Whether a value is a tensor for certain: an operation of the framework, or arithmetic with its result."""
    for part in reach(node, through=_understood):
        if not part.constant and _understood(part):
            if part.operation in CALLED or _spelling(part).startswith(FRAMEWORK):
                return True
    return False


def from_inputs(node: Node) -> bool:
    """Whether a value is, or is taken from, a prediction, a target or another batch, by steps that are understood."""
    return any(part.shape is not None and part.shape.batch_axes for part in inputs_of(node))


def inputs_of(node: Node) -> list[Node]:
    """The parameters that a value goes back to by steps that are understood, but for those annotated as arrays or numbers."""
    parameters = (part for part in reach(node, through=_understood) if part.operation == "parameter")
    return [part for part in parameters if not _annotated(part)]


def _annotated(parameter: Node) -> bool:
    annotation = getattr(parameter.site.syntax, "annotation", None)
    return annotation is not None and ARRAYS.search(ast.unparse(annotation)) is not None


def is_keras_variable(node: Node) -> bool:
    """Whether a value is a variable that was made with Keras by itself, not by a layer: no optimizer knows of it."""
    return node.operation == "weights" and _spelling(node) in ("K.variable", "keras.Variable")
