"""Gradients of values with respect to others."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.transfer.results import Arguments, as_node, made
from losslint.operations.operation import Operation


def gradient(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """Gradients: shaped like what they are taken over; their norm can be 0. ``tf.gradients`` and ``K.gradients`` return a list."""
    if op.name == "tape":
        return Node("tape", (), site, Facts(None))
    target = as_node(arguments.get("target", Constant(None)), site)
    sources = arguments.get("sources", Constant(None))
    if isinstance(sources, Items):
        return Items([_over(target, as_node(source, site), site) for source in sources.items])
    found = _over(target, as_node(sources, site), site)
    return found if spelling.startswith(".") or "trainable" in found.arguments[1].facts.marks else Items([found])


def _over(target: Node, source: Node, site: Site) -> Node:
    grown = target.degree if "variable" in source.origin else degree.ZERO if target.degree == degree.ZERO else degree.UNKNOWN
    return made(
        "gradient",
        [target, source],
        site,
        shape=source.shape,
        degree=grown,
        columns=columns.constant(0.0),
        gradient=Gradient.FLOWS,
        constant=False,
        marks=frozenset(),
    )
