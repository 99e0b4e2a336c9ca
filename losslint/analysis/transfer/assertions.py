"""Assertions of the framework: where one fails, nothing after it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.node import Site
from losslint.analysis.objects import Constant
from losslint.analysis.transfer.elementwise import elementwise
from losslint.analysis.transfer.results import Arguments, as_node
from losslint.operations.catalogue import operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

AGAINST_ZERO = {"positive": "greater", "non_negative": "greater_equal", "negative": "less", "non_positive": "less_equal"}
OF_TWO = {name: name for name in ("greater", "greater_equal", "less", "less_equal", "equal")} | {"none_equal": "not_equal"}


def asserted(arguments: Arguments, site: Site, run: Run, spelling: str) -> None:
    """Rule out the columns in which ``tf.debugging.assert_positive`` and its kin fail."""
    _, _, test = spelling.rpartition("assert_")
    values = [as_node(value, site) for value in arguments.values()][:2]
    if test in AGAINST_ZERO and values:
        name, values = AGAINST_ZERO[test], [values[0], as_node(Constant(0.0), site)]
    elif test in OF_TWO and len(values) == 2:
        name = OF_TWO[test]
    else:
        return
    _, fails = elementwise(operation(name), {"x": values[0], "y": values[1]}, site, "").columns.truth
    run.narrow(fails)
