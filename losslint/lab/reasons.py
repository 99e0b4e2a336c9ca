"""Why nothing was decided, in words: one reason and, after a semicolon, one thing to do."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping

from losslint.experiment import Raised

DECLARE = "declare its inputs (`# losslint: inputs {}`)"
ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
MODULE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
NAME = re.compile(r"name '(\w+)' is not defined")
SYMBOLIC = re.compile(r"KerasTensor cannot be used")
OURS = frozenset({"NoneType", "SymbolicTensor", "StandIn", "SimpleNamespace", "ndarray"})  # of these no user writes a constructor
MOST_NAMED = 2  # inputs in an example of a declaration


def failure(raised: Raised, names: Iterable[str] = ()) -> str:
    """Why a loss cannot be run.

    Parameters
    ----------
    raised
        What it raised, on whatever batch.
    names
        Its inputs.
    """
    match raised.type:
        case "Missing":
            return f"{raised.message}; install it in the interpreter that --python names"
        case "Unmade":
            return f"the loss needs {raised.message}; give it a parameter for that, or a literal"
        case "Refused":
            return f"the loss was stopped: it wanted {raised.message}, which the laboratory does not allow; do that outside of the loss"
    return f"the loss itself fails: {raised}; {_mended(raised, names)}"


def _mended(raised: Raised, names: Iterable[str]) -> str:
    """What would help against an exception of the loss."""
    if (name := NAME.search(raised.message)) is not None:
        return f"define `{name[1]}`, or make it a parameter"
    if (module := MODULE.search(raised.message)) is not None:
        return f"write the name that `{module[1].replace('tensorflow._api.v2', 'tensorflow')}` has today, or name another --python"
    if (attribute := ATTRIBUTE.search(raised.message)) is not None and not (hasattr(builtins, attribute[1]) or attribute[1] in OURS):
        return f"set `{attribute[2]}` in the constructor of `{attribute[1]}`, or make it a parameter of the loss"
    if raised.type == "FileNotFoundError":
        return "give the loss what the file holds as a parameter"
    if SYMBOLIC.search(raised.message):
        return "give the loss that tensor's value, by `add_loss` or as a target"
    return f"mend that, or {declare(names)}"


def declare(names: Iterable[str]) -> str:
    """The advice to declare inputs, with the beginning of the comment."""
    told = [name for name in names if name.isidentifier()][:MOST_NAMED]
    return DECLARE.format(", ".join(f"{name}: real[B, 3]" for name in told) if told else "…")


def untaken(said: Mapping[str, int], shapes: int, names: Iterable[str]) -> str:
    """No batch was found.

    Parameters
    ----------
    said
        What the loss raised, and how often.
    shapes
        How many shapes of inputs were tried.
    """
    common = max(said, key=lambda words: said[words], default="")
    often = f"mostly {common}" if common else "it is not finite on any"
    return f"no batch was found that the loss takes, of {shapes} shapes tried ({often}); {declare(names)}"


def uninformative(names: Iterable[str]) -> str:
    """The loss runs, but tells nothing."""
    return f"no batch was found on which the loss is not 0 and has a gradient; {declare(names)}"
