"""Who calls a loss, and what it is called: what the rules on gradients ask before they speak."""

from __future__ import annotations

import re

from losslint.analysis.trace import Trace
from losslint.finding import Confidence

FRAMEWORK_LOSSES = frozenset({"loss_object", "row_loss", "sparse_loss", "element_loss", "batch_loss"})
LOSS_NAME = re.compile(r"loss|cost|entropy|error|nll|likelihood|objective|penalty|divergence", re.IGNORECASE)


def says_loss(trace: Trace) -> bool:
    """Whether training uses the loss, or its name, its factory's or its class's says so."""
    if trace.loss.metric:
        return False
    return trace.loss.evidence >= 3 or (trace.loss.evidence >= 2 and LOSS_NAME.search(trace.loss.function) is not None)


def confidence(trace: Trace) -> Confidence:
    """How sure a finding is that no value of the trace carries."""
    return Confidence.HIGH if trace.loss.evidence >= 2 and trace.flipped is None else Confidence.MEDIUM
