"""What the operations of the catalogue do to the facts: one module for each kind of operation, one entry, `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.transfer.activations import activation
from losslint.analysis.transfer.assertions import asserted
from losslint.analysis.transfer.contractions import contraction
from losslint.analysis.transfer.creation import creation, identity
from losslint.analysis.transfer.distributions import distribution
from losslint.analysis.transfer.elementwise import cast, elementwise
from losslint.analysis.transfer.gathering import GATHERS, gathered
from losslint.analysis.transfer.gradients import gradient
from losslint.analysis.transfer.indexing import iterate, subscript
from losslint.analysis.transfer.joining import JOINS, PARTS, joined, pieces
from losslint.analysis.transfer.layers import layer
from losslint.analysis.transfer.lengths import size
from losslint.analysis.transfer.losses import expected, loss, loss_object
from losslint.analysis.transfer.mapping import array_method, mapped
from losslint.analysis.transfer.reductions import reduction
from losslint.analysis.transfer.results import Arguments, as_node, pack, unknown
from losslint.analysis.transfer.scatter import SCATTERS, scattered
from losslint.analysis.transfer.selections import selection
from losslint.analysis.transfer.shapes import shaped
from losslint.operations.operation import Kind, Operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

__all__ = ["apply", "array_method", "as_node", "iterate", "loss_object", "pack", "subscript", "unknown"]


def apply(op: Operation, arguments: Arguments, site: Site, run: Run, spelling: str = "") -> Value:
    """The result of an operation on arguments by their canonical names.

    Parameters
    ----------
    op
        What is applied.
    arguments
        As `losslint.operations.catalogue.bind` gives them.
    site
        Where the result was written.
    run
        Calls functions that are arguments (branches of `cond`, the body of `map_fn`).
    spelling
        As it was written; some defaults differ between namespaces.
    """
    result = _result(op, arguments, site, run, spelling)
    for node in _results(result):
        if node.site is site:  # made here, not passed on
            node.details["spelling"] = spelling
            if op.kind is Kind.LOSS:
                node.details["logits"] = expected(spelling, arguments.get("from_logits"))
        if spelling.startswith("np."):
            node.details.pop("declared", None)  # an array on the host is made once, for a batch of its own
    return result


def _results(result: Value) -> list[Node]:
    if isinstance(result, Items):
        return [item for item in result.items if isinstance(item, Node)]
    return [result] if isinstance(result, Node) else []


def _result(op: Operation, arguments: Arguments, site: Site, run: Run, spelling: str) -> Value:
    match op.kind:
        case Kind.ELEMENTWISE:
            return elementwise(op, arguments, site, spelling)
        case Kind.ACTIVATION:
            return activation(op, arguments, site, spelling)
        case Kind.CAST:
            return cast(op, arguments, site)
        case Kind.REDUCTION:
            return reduction(op, arguments, site, spelling)
        case Kind.CONTRACTION:
            return contraction(op, arguments, site)
        case Kind.SHAPE:
            return _moved(op, arguments, site, spelling)
        case Kind.SIZE:
            return size(op.name, arguments, site)
        case Kind.CREATION:
            return creation(op, arguments, site, spelling)
        case Kind.SELECTION:
            return selection(op, arguments, site, run, spelling)
        case Kind.LOSS:
            return loss(op, arguments, site, spelling)
        case Kind.GRADIENT:
            return gradient(op, arguments, site, spelling)
        case Kind.IDENTITY:
            return identity(op, arguments, site)
        case Kind.MAPPING:
            return mapped(op, arguments, site, run)
        case Kind.LAYER:
            return layer(op, arguments, site, spelling)
        case Kind.DISTRIBUTION:
            return distribution(op, arguments, site)
        case Kind.EFFECT:
            asserted(arguments, site, run, spelling)
            return unknown((), site, constant=True)
    operands = [as_node(v, site) for v in arguments.values() if not isinstance(v, Constant)]
    return unknown(operands, site, constant=all(o.constant for o in operands))


def _moved(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    if op.name in JOINS:
        return joined(op, arguments, site, spelling)
    if op.name in PARTS:
        return pieces(op, arguments, site, spelling)
    if op.name in GATHERS:
        return gathered(op, arguments, site, spelling)
    if op.name in SCATTERS:
        return scattered(op, arguments, site, spelling)
    return shaped(op, arguments, site, spelling)
