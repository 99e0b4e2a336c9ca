"""The record of one abstract run of one loss along one path: all that a rule may read."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.objects import Class, Named, Value
from losslint.analysis.roles import PRED_NAME, TRUE_NAME, named, roles
from losslint.analysis.singular import passing, undefined
from losslint.finding import Confidence
from losslint.losses import Loss
from losslint.options import Chosen, Options

MOST_BASES = 20
SELECTIONS = frozenset({"where", "cond", "switch"})
EAGER = frozenset({"where", "switch"})  # these compute both branches
LAZY = "cond"
FILTER = "nan_to_num"
MASKED = frozenset({"boolean_mask", "gather", "gather_nd"})  # by a mask, or by the indices at which it is true
TESTS = frozenset(
    "equal not_equal less less_equal greater greater_equal is_nan is_inf is_finite argmax argmin argsort random_categorical logical_and logical_or logical_not".split()  # noqa: SIM905
)  # finite for every operand
SHAPES = frozenset({"zeros_like", "ones_like", "shape", "size", "rank", "dimension"})  # these read only the shape of their operand


class Root(Struct, frozen=True):
    """A value that training uses: returned by the loss, or handed to a minimiser, tape or `add_loss`."""

    node: Node
    evidence: int  # 0 to 3, see `losslint.losses`
    why: str

    @property
    def returned(self) -> bool:
        """Whether it is what the loss returns."""
        return self.why.startswith("returned")

    @property
    def named(self) -> bool:
        """Whether it was bound to a loss-like name."""
        return "bound to" in self.why

    @property
    def shown(self) -> bool:
        """Whether this is a value that training shows: of a loss (evidence 2 or more), or bound to a loss-like name."""
        return self.evidence >= 2 or self.named


@dataclass(frozen=True, slots=True)
class Trace:
    """One abstract run.

    Attributes
    ----------
    loss
        The loss that was run.
    roots
        The values that training uses, in the order in which they were made.
    flipped
        The source text of the one test that was taken the other way on this path; None on the default path.
    incomplete
        Why the run stopped understanding, or None.
    effects
        What happened to values beside the graph: ``truth`` (Python asked for it), ``decision`` (the same of Python state),
        ``host`` (a function outside the framework was called on them), ``loop`` (a model was told to `predict` or `fit` on
        them) and ``custom_gradient`` (a function with one returned the first of them for the others) nodes, whose arguments are
        the values.
    keras
        Which Keras the project uses: ``2``, ``3``, or ``auto``, not known.
    owner
        The class that the loss is a method of.
    called
        A node for each function of the framework that was called, with its full name as imported.
    handed
        The values that were given to functions and objects of which nothing is known, such as metrics.
    result
        What the function returns, at its `return`: the tensors in it, and by their keys the items of a dict.
    given
        The options of rules, where the settings set any.
    """

    loss: Loss
    roots: tuple[Root, ...]
    flipped: str | None = None
    incomplete: str | None = None
    effects: tuple[Node, ...] = ()
    keras: str = "auto"
    calls: int = 0  # framework calls met
    unresolved: tuple[str, ...] = ()  # framework calls that are in no catalogue entry
    owner: Class | None = None
    called: tuple[Node, ...] = ()
    handed: tuple[Node, ...] = ()
    result: Node | None = None
    given: Mapping[type[Options], Options] = field(default_factory=dict, repr=False, compare=False)
    _reached: dict[int, tuple[Node, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _live: dict[int, frozenset[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _moved: dict[int, frozenset[int]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _evidence: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def options(self, kind: type[Chosen]) -> Chosen:
        """The options of a rule: what the settings say, and the defaults."""
        found = self.given.get(kind)
        return found if isinstance(found, kind) else kind()

    @property
    def evidence(self) -> int:
        """The strongest evidence that this is a loss."""
        return max((root.evidence for root in self.roots), default=self.loss.evidence)

    @property
    def called_by_keras(self) -> bool:
        """Whether Keras calls the loss, by all that is known: then its inputs are tensors, and it is traced into a graph."""
        scope = self.loss.scope
        if self.loss.evidence >= 3:
            return self.owner is None or _of_keras(self.owner)
        if self.loss.evidence < 2 or scope.function is None or not self.single:
            return False
        given = roles(scope, self.loss.evidence)
        required = scope.parameters[: len(scope.parameters) - len(scope.function.args.defaults)]
        return named(scope) and sorted(given.get(name, "") for name in required) == ["pred", "true"]

    @property
    def single(self) -> bool:
        """Whether the function returns one value, as Keras asks of a loss, and no tuple."""
        steps = ast.walk(self.loss.scope.function) if self.loss.scope.function is not None else ()
        return not any(isinstance(step, ast.Return) and isinstance(step.value, ast.Tuple) for step in steps)

    def likely(self) -> Iterator[Node]:
        """The nodes of values that more than the form of a function says are losses: its name, its use, a target beside a prediction."""
        return reach(*self._likely())

    def _likely(self) -> list[Node]:
        names = self.loss.scope.parameters
        paired = any(map(TRUE_NAME.search, names)) and any(map(PRED_NAME.search, names))
        return [
            root.node for root in self.roots if root.evidence >= 1 and (paired or not self.loss.weak or not root.returned or root.named)
        ]

    def reached(self, least: int = 1) -> Iterator[Node]:
        """The nodes that a root with at least that evidence is made of, each once."""
        if least not in self._reached:
            self._reached[least] = tuple(reach(*(root.node for root in self.roots if root.evidence >= least)))
        return iter(self._reached[least])

    def flowing(self) -> Iterator[Node]:
        """Of the nodes of likely losses those through which a gradient reaches the prediction or a weight, each once."""
        return (node for node in reach(*self._likely(), through=_flows) if _flows(node))

    def live(self, column: int, node: Node) -> bool:
        """Whether a root uses the value of `node` in a witness column (0 to 7).

        A selection uses only the branch that its condition takes in that column, both where that is unknown; the
        condition itself adds nothing to the value.
        """
        if column not in self._live:
            self._live[column] = frozenset(self._reached_in(column, lambda node: iter(_taken(node, column))))
        return id(node) in self._live[column]

    def hidden_by(self, column: int, node: Node) -> Node | None:
        """The selection that hides a node's value in a witness column but not its gradient; None: no such thing.

        It computes both branches. One that computes a single branch (`cond`) hides both.
        """
        roots = [root.node for root in self.roots if root.evidence >= 1]
        stack, seen = roots, set(map(id, roots))
        found = None
        while stack:
            part = stack.pop()
            used = _taken(part, column)
            both = part.arguments if part.operation != LAZY else used
            if part.operation in (EAGER | {FILTER}) and any(a not in used and _made_of(a, node) for a in both[-2:]):
                found = part
            for argument in both:
                if _flows(argument) and id(argument) not in seen:
                    seen.add(id(argument))
                    stack.append(argument)
        return found if id(node) in seen else None

    def arrives(self, column: int, node: Node) -> bool:
        """Whether a gradient that is not known to be exactly 0 arrives at `node` in a witness column."""
        if column not in self._moved:
            self._moved[column] = frozenset(self._reached_in(column, lambda node: passing(node, column, _taken(node, column))))
        return id(node) in self._moved[column]

    def leaves(self, column: int, node: Node) -> bool:
        """Whether a gradient that arrives at `node` in a witness column goes on to the prediction or to a weight.

        A selection hands it to the branch that it takes there, and exactly 0 to the other: behind
        ``where(x == 0, 0, x)`` no gradient of x = 0 comes out.
        """
        if node.gradient is not Gradient.FLOWS:
            return False
        return any(not any(map(_flows, part.arguments)) for part in self._handed_on(column, node))

    def _handed_on(self, column: int, node: Node) -> Iterator[Node]:
        seen: set[int] = set()
        stack = [node]
        while stack:
            part = stack.pop()
            if id(part) not in seen:
                seen.add(id(part))
                yield part
                stack.extend(filter(_flows, _taken(part, column)))

    def _reached_in(self, column: int, used: Callable[[Node], Iterator[Node]]) -> Iterator[int]:
        seen: set[int] = set()
        stack = [root.node for root in self.roots if root.evidence >= 1]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield id(node)
            stack.extend(used(node))

    def confidence(self, node: Node) -> Confidence:
        """How sure a finding at a node is: high on the default path of a value whose evidence is 2 or more, else medium."""
        if not self._evidence:
            for root in sorted(self.roots, key=lambda root: root.evidence):
                self._evidence.update((id(part), root.evidence) for part in reach(root.node))
        sure = self._evidence.get(id(node), 0) >= 2 and self.flipped is None
        return Confidence.HIGH if sure else Confidence.MEDIUM


def _flows(node: Node) -> bool:
    return node.gradient is Gradient.FLOWS


def _made_of(whole: Node, part: Node) -> bool:
    """Whether a gradient goes from one value to the other."""
    return any(node is part for node in reach(whole, through=_flows))


def _of_keras(cls: Class) -> bool:
    """Whether a class goes back to one of the framework's, or to one of which nothing is known."""
    bases: list[Value] = [cls]
    for base in bases:
        if not isinstance(base, Class):
            if not isinstance(base, Named) or base.name != "builtins.object":
                return True
        elif len(bases) < MOST_BASES:
            bases.extend(base.bases)
    return False


def _taken(node: Node, column: int) -> tuple[Node, ...]:
    """The arguments that make up the value of a node in a column."""
    if node.operation == FILTER and _finite(node.arguments[0], column) is False:
        return ()
    if node.operation in SHAPES or node.operation in TESTS:
        return ()
    if node.operation in MASKED and (mask := _mask(node)) is not None and _told(mask, column) is False:
        return ()
    if node.operation not in SELECTIONS or len(node.arguments) != 3:
        return node.arguments
    condition, taken, other = node.arguments
    told = _told(condition, column)
    if told is None:
        return taken, other
    return (taken,) if told else (other,)


def _mask(node: Node) -> Node | None:
    """The mask by which a selection takes elements."""
    picked = node.arguments[-1]
    while picked.operation in ("cast", "squeeze", "reshape", "indices"):
        picked, told = picked.arguments[-1], picked.operation == "indices"
        if told:
            return picked
    return picked if node.operation == "boolean_mask" else None


def _told(condition: Node, column: int) -> bool | None:
    """The truth of a condition in a column; of a test for NaN also where a NaN was computed, None where it is not known."""
    value = condition.columns.single[column]
    if value == value:
        return value != 0
    match condition.operation:
        case "is_nan" if undefined(condition.arguments[0], column):
            return True
        case "is_finite" | "is_inf" if undefined(condition.arguments[0], column):
            return False
        case "logical_not":
            told = _told(condition.arguments[0], column)
            return None if told is None else not told
        case "logical_or" | "logical_and" as operation:
            decided = operation == "logical_or"
            return decided if any(_told(part, column) is decided for part in condition.arguments) else None
    return None


def _finite(node: Node, column: int) -> bool | None:
    """Whether a value is finite in a column, None where it is not known."""
    value = node.columns.single[column]
    return math.isfinite(value) if value == value else (False if undefined(node, column) else None)
