"""Whether the tests notice a fault in the engine: faults put in one at a time, each in a copy of the project, and what catches them.

usage: python benchmarks/mutations.py [NUMBER...]

Each fault is one replacement in one file of `losslint`. Of the tests those run first that are likely to notice, then the other ones of
the engine and its rules that need no TensorFlow, then the random losses of `tests/fuzz`; the first failure ends it. It prints a table
and how many were caught; the exit status is 1 if more than two survive. A fault whose text is not in its file, once, is an error: the
code has changed, and it has to too. So is a failure of the copy without a fault, which is run first (number 0).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
COPIED = ("losslint", "rules", "tests", "examples", "docs", "benchmarks", "tables")
MOST_SURVIVORS = 2
FAST = (
    "-m",
    "not tensorflow",
    "tests/analysis",
    "tests/operations",
    "tests/rules",
    "tests/test_compositions.py",
    "tests/test_divisions.py",
)
FAST += ("tests/test_effects.py", "tests/test_examples.py", "tests/test_found_losses.py", "tests/test_guards.py", "tests/test_ranks.py")
FAST += ("tests/test_silent_losses.py", "tests/test_state.py", "tests/test_strangers.py", "tests/test_sums.py")
FUZZ = ("tests/fuzz",)
VALUES = ("tests/analysis/test_values.py",)
SUMS = ("tests/analysis", "tests/test_sums.py", "tests/test_ranks.py")
POLES = ("tests/test_divisions.py", "tests/test_guards.py", "tests/rules/test_rules.py")
FLOWS = ("tests/rules/test_rules.py", "tests/test_found_losses.py")
ANALYSIS, TRANSFER, CATALOGUE = "losslint/analysis/", "losslint/analysis/transfer/", "losslint/operations/"


@dataclass(frozen=True)
class Fault:
    """A mistake that could have been made.

    Attributes
    ----------
    file
        Where, seen from the project.
    old, new
        The text that is replaced, and by what.
    why
        What is wrong then.
    first
        Tests that are likely to notice.
    """

    file: str
    old: str
    new: str
    why: str
    first: tuple[str, ...]


NONE = Fault(ANALYSIS + "columns.py", "COLUMNS = 8", "COLUMNS = 8", "no fault at all", ())
FAULTS = (
    Fault(ANALYSIS + "columns.py", "single if python else tuple(map(round32, single))", "single", "float32 is not rounded", POLES),
    Fault(ANALYSIS + "columns.py", "Columns(tuple(map(round32, columns.single)), columns.double)", "columns", "a Python number stays in double precision in a tensor", POLES),
    Fault(ANALYSIS + "columns.py", "if value != 0), frozenset(i for i, value in known if value == 0)", "if value == 0), frozenset(i for i, value in known if value != 0)", "a condition holds where it fails", POLES),
    Fault(ANALYSIS + "degree.py", "else a + b for a in one", "else a - b for a in one", "a product divides the growth of its factors", VALUES),
    Fault(ANALYSIS + "degree.py", "-max(known(bottom), default=0.0)", "-min(known(bottom), default=0.0)", "a quotient goes by the least part of its denominator", VALUES),
    Fault(ANALYSIS + "degree.py", "else part * by for part", "else part + by for part", "a power adds its exponent to a degree", VALUES),
    Fault(ANALYSIS + "degree.py", "if all(part is not None and part < 0 for degree in data for part in degree):", "if not data:", "what vanishes hides the constant beside it", VALUES),
    Fault(ANALYSIS + "shape.py", "fill = ONE if keepdims else None", "fill = None if keepdims else ONE", "keepdims means the opposite", VALUES),
    Fault(ANALYSIS + "shape.py", "return one if one.power > other.power else other", "return one if one.power < other.power else other", "broadcasting forgets the batch axis", VALUES),
    Fault(ANALYSIS + "shape.py", "position = index + len(self.lead) + 1 if index < 0", "position = index + len(self.lead) if index < 0", "expand_dims counts one too few from the end", VALUES),
    Fault(ANALYSIS + "singular.py", "if pole.at is None or value == pole.at or", "if pole.at is None or", "a pole that is met exactly is none", POLES),
    Fault(ANALYSIS + "singular.py", " and not (index < len(stopped) and stopped[index]):", ":", "a gradient passes where a function is flat", POLES),
    Fault(ANALYSIS + "bounds.py", "_maximum((parts[1][0],) * 2, _minimum((parts[2][1],) * 2, parts[0]))", "_maximum((parts[2][0],) * 2, _minimum((parts[1][1],) * 2, parts[0]))", "the bounds of a clip are exchanged", VALUES),
    Fault(ANALYSIS + "bounds.py", "return a[0] - b[1], a[1] - b[0]", "return a[0] - b[0], a[1] - b[1]", "the bounds of a difference are those of a sum", VALUES),
    Fault(ANALYSIS + "node.py", "gradient = max((o.gradient for o in operands), default=Gradient.NONE)", "gradient = min((o.gradient for o in operands), default=Gradient.NONE)", "one constant operand stops a gradient", VALUES),
    Fault(ANALYSIS + "expressions.py", "with run.narrowed(false if taken else true):", "with run.narrowed(true if taken else false):", "a conditional expression narrows the other branch", VALUES),
    Fault(ANALYSIS + "statements.py", "with run.narrowed(false if taken_now else true):", "with run.narrowed(true if taken_now else false):", "an if narrows the other branch", VALUES),
    Fault(ANALYSIS + "loops.py", "facts = replace(value.facts, degree=degree.shift(value.degree, power), shape=value.shape)", "facts = value.facts", "what a loop over the batch adds up does not grow", SUMS),
    Fault(TRANSFER + "elementwise.py", "return degree.scale(first, 0.5)", "return first", "a root grows like its operand", VALUES),
    Fault(TRANSFER + "elementwise.py", "o.constant) for o in operands), 2.0)", "o.constant) for o in operands), 1.0)", "a square grows like its operand", VALUES),
    Fault(TRANSFER + "elementwise.py", 'told.startswith(("int", "uint", "bool"))\n    values', "False\n    values", "a cast to whole numbers keeps the gradient", FLOWS),
    Fault(TRANSFER + "elementwise.py", "low[i] if i % 2 == 0 else high[i]", "low[i]", "a clip of an unknown value reaches its lower bound only", VALUES),
    Fault(TRANSFER + "elementwise.py", "any(o.marked(\"slow\") for o in operands)\n    unbounded", "False\n    unbounded", "an exponential of a logarithm does not grow", FUZZ),
    Fault(TRANSFER + "reductions.py", "sum(axis.power for axis in went) * along)", "sum(axis.power for axis in went))", "a norm over the batch grows like a sum", VALUES),
    Fault(TRANSFER + "reductions.py", 'return True, (0,) if spelling.startswith("tf.") else (-1,)', "return True, (-1,)", "TensorFlow's argmax goes along the last axis", FUZZ),
    Fault(TRANSFER + "reductions.py", 'case "var":\n            return degree.scale(x.degree, 2.0)', 'case "var":\n            return x.degree', "a variance grows like its operand", VALUES),
    Fault(TRANSFER + "axes.py", "count *= axis.length or EACH_AXIS", "count *= EACH_AXIS", "every axis has as many elements as an unknown one", VALUES),
    Fault(TRANSFER + "activations.py", "degree.shift(base, power * op.along)", "degree.shift(base, power)", "shares of a batch grow with it", VALUES),
    Fault(TRANSFER + "activations.py", "Columns((*rounded.single[:ORDINARY], 1.0, 0.0)", "Columns((*rounded.single[:ORDINARY], 1.0, 1e-7)", "a softmax does not reach 0", VALUES),
    Fault(TRANSFER + "selections.py", "max(*(b.gradient for b in branches), min(condition.gradient, Gradient.BLOCKED))", "min(b.gradient for b in branches)", "a constant branch stops a gradient", VALUES),
    Fault(TRANSFER + "contractions.py", "degree.shift(together, sum(axis.power for axis in summed))", "together", "a product over the batch axis does not add up", VALUES),
    Fault(TRANSFER + "contractions.py", "return Axis(min(one.power, other.power), one.length or other.length)", "return Axis(max(one.power, other.power), one.length or other.length)", "one batch axis too many is contracted", VALUES),
    Fault(TRANSFER + "shapes.py", "return Shape(shape.lead[::-1]) if shape.exact", "return Shape(shape.lead) if shape.exact", "a transpose leaves the axes where they are", VALUES),
    Fault(TRANSFER + "gathering.py", "return max(x.gradient, min(by.gradient, Gradient.BLOCKED))", "return by.gradient", "what is picked has the gradient of the positions", VALUES),
    Fault(TRANSFER + "losses.py", "grown = degree.shift(grown, rows.power)", "grown = degree.shift(grown, 0)", "a loss object that sums does not grow", VALUES),
    Fault(TRANSFER + "creation.py", "KERAS_EPSILON = 1e-7", "KERAS_EPSILON = 1e-8", "Keras' epsilon is lost beside 1", POLES),
    Fault(CATALOGUE + "float32.py", "return math.copysign(0.0, value) if -TINY32 < rounded < TINY32 else rounded", "return rounded", "subnormal numbers are kept", POLES),
    Fault(CATALOGUE + "functions.py", "return 0.0 if y == 0 else divide(x, y)", "return divide(x, y)", "divide_no_nan divides by 0", VALUES),
    Fault(CATALOGUE + "reductions.py", 'NP), 1, f.same, along=0.0),\n    Operation("average"', 'NP), 1, f.same, along=1.0),\n    Operation("average"', "a mean grows like a sum", VALUES),
    Fault(CATALOGUE + "elementwise.py", '"sqrt"), 1, f.sqrt, Degree.HALVE, tolerance=0, poles=(Pole(0.0, 0.0, INF, quiet=True),))', '"sqrt"), 1, f.sqrt, Degree.HALVE, tolerance=0)', "the gradient of a root has no pole", POLES),
)  # fmt: skip


def outcome(fault: Fault) -> str:
    """What catches a fault; empty if nothing does.

    Raises
    ------
    SystemExit
        Its text is not in its file, or more than once.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(PROJECT / name, copy / name)
        for path in PROJECT.glob("*.*"):
            if path.is_file():
                shutil.copy2(path, copy)
        file = copy / fault.file
        text = file.read_text(encoding="utf-8")
        if text.count(fault.old) != 1:
            sys.exit(f"{fault.file}: {text.count(fault.old)} times instead of once: {fault.old}")
        file.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        for arguments in (*([fault.first] if fault.first else []), FAST, FUZZ):
            failed = _failed(copy, arguments)
            if failed:
                return failed
    return ""


def _failed(copy: Path, arguments: tuple[str, ...]) -> str:
    """The first test that fails in a copy, empty if none does."""
    command = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if found is None:
        sys.exit(f"pytest {' '.join(arguments)} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return found[1]


def main() -> int:
    """Print the table; the status is 1 where more survive than may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, help="some of the faults only")
    given = parser.parse_args().numbers or range(len(FAULTS) + 1)
    survived = 0
    for number in given:
        fault, start = ((NONE, *FAULTS)[number], time.perf_counter())
        caught = outcome(fault)
        took = time.perf_counter() - start
        if fault is NONE and caught:
            sys.exit(f"{caught} fails without a fault")
        survived += not caught and fault is not NONE
        told = "caught" if caught else "passes" if fault is NONE else "SURVIVED"
        print(f"{number:3} {told:8} {took:4.0f} s  {fault.file}: {fault.why}  {caught}", flush=True)
    faults = len(given) - (0 in given)
    print(f"{faults - survived} of {faults} faults are caught")
    return int(survived > MOST_SURVIVORS)


if __name__ == "__main__":
    sys.exit(main())
