"""STR001 hyperbolic-loss: our team does not use tanh in a loss."""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.trace import Trace
from losslint.finding import Severity
from losslint.rule import Report, Rule, quoted


def check(trace: Trace) -> Iterator[Report]:
    """Every tanh."""
    for node in trace.reached(1):
        if node.operation == "tanh":
            yield Report(node, f"{quoted(node)} is a tanh", "take something else", (), trace.confidence(node))


BAD = (
    """\
import tensorflow as tf


def bounded_loss(y_true, y_pred):
    return tf.reduce_mean(tf.tanh(tf.abs(y_true - y_pred)), axis=-1)  # here
""",
)
RULE = Rule("STR001", "hyperbolic-loss", Severity.WARNING, check, BAD, ())
