"""Who calls a loss, and what it is called: what the rules on gradients ask before they speak."""

from __future__ import annotations

from losslint.analysis.trace import Trace
from losslint.finding import Confidence
from losslint.losses import LOSS_WORDS


def says_loss(trace: Trace) -> bool:
    """Whether training uses the loss, or its name, its factory's or its class's says so."""
    if trace.loss.metric:
        return False
    return trace.loss.evidence >= 3 or (trace.loss.evidence >= 2 and LOSS_WORDS.search(trace.loss.function) is not None)


def confidence(trace: Trace) -> Confidence:
    """How sure a finding is that no value of the trace carries."""
    return Confidence.HIGH if trace.loss.evidence >= 2 and trace.flipped is None else Confidence.MEDIUM
