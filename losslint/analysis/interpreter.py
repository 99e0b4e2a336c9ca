"""The abstract run: every loss of a file walked along its paths, one record for each."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from msgspec import Struct, field

from losslint.analysis import bindings, calls, expressions, statements
from losslint.analysis.branches import Ways
from losslint.analysis.modes import Modes
from losslint.analysis.node import Facts, Node, Site, reach
from losslint.analysis.objects import Body, Class, Constant, Function, Instance, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.scope import File, Scope
from losslint.analysis.trace import Root, Trace
from losslint.config import Settings
from losslint.losses import MOST_FUNCTIONS, VALUE_WORDS, Loss, find
from losslint.source import Modules, Source

MOST_STEPS = 60_000  # of one path
MOST_STEPS_OF_PATHS = 12_000  # of all paths of a loss, after which no further one is begun
MOST_PATHS = 14
NOTHING: frozenset[int] = frozenset()
DEPTH = 12
RECURSION = 2


class Stopped(Exception):
    """The walk came to one of its limits."""


class Path(Struct, eq=False):
    """What one walk along one path gathers."""

    flipped: ast.expr | None = None
    roots: list[Root] = field(default_factory=list)
    named: list[Root] = field(default_factory=list)
    tests: dict[ast.expr, None] = field(default_factory=dict)  # tests that could go the other way, in order
    stack: list[ast.AST] = field(default_factory=list)
    caller: Site | None = None  # the call through which the walk came into another file's code
    inlined: set[Body] = field(default_factory=set)
    entry: Scope | None = None
    owner: Class | None = None
    steps: int = 0
    calls: int = 0
    effects: list[Node] = field(default_factory=list)  # see `losslint.analysis.effects`
    handed: list[Node] = field(default_factory=list)  # given to functions and objects of which nothing is known
    result: Node | None = None
    called: list[Node] = field(default_factory=list)  # functions of the framework
    touched: bool = False  # the framework was called on something that is no setting
    foreign: bool = False  # another framework was called
    unresolved: list[str] = field(default_factory=list)
    incomplete: str | None = None
    ways: dict[ast.If, bool] = field(default_factory=dict)  # how tests go where the definition that is entered is reached
    quiet: int = 0  # walking for bindings, not for the loss
    eager: int = 0  # inside a function that the framework calls eagerly
    narrow: list[frozenset[int]] = field(default_factory=list)  # columns that a test around excludes
    batch_loops: int = 0


def _conditions(test: ast.expr) -> set[str]:
    """The conditions that a test is joined of, as text: tests that have one in common go the other way together."""
    match test:
        case ast.BoolOp(values=values):
            return set().union(*map(_conditions, values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _conditions(operand)
    return {ast.unparse(test)}


def _operands(value: ast.expr | None) -> Iterator[str]:
    """The names that a value is computed of."""
    match value:
        case ast.Name(id=name):
            yield name
        case ast.BinOp(left=left, right=right):
            yield from (*_operands(left), *_operands(right))
        case ast.UnaryOp(operand=operand):
            yield from _operands(operand)
        case ast.Call(args=args):
            for argument in args:
                yield from _operands(argument)


class Run:
    """The state of the abstract runs of one file: its files, classes built so far, and the path at hand."""

    def __init__(self, source: Source, settings: Settings, modules: Modules) -> None:
        self.settings = settings
        self.modules = modules
        self.files: dict[str, File] = {}
        self.file = self.open(source)
        self.path = Path()
        self.closures: dict[tuple[ast.AST, Ways], Scope] = {}
        self.instances: dict[ast.AST, Instance] = {}
        self.modes: dict[File, Modes] = {}

    def open(self, source: Source) -> File:
        """The file of a source, indexed once."""
        if source.path not in self.files:
            self.files[source.path] = File.of(source)
        return self.files[source.path]

    # --- what the parts of the walk use of each other ------------------------------------------------------------

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """The value of an expression."""
        self.path.steps += 1
        if self.path.steps > MOST_STEPS:
            raise Stopped("it is too long to follow")
        return expressions.evaluate(self, node, scope)

    def execute(self, body: Sequence[ast.stmt], scope: Scope) -> statements.Exit | None:
        """Run statements until one leaves the block."""
        return statements.execute(self, body, scope)

    def call(self, function: Value, positional: Sequence[Value], keywords: Mapping[str, Value], site: Site) -> Value:
        """The value of a call."""
        return calls.call(self, function, list(positional), dict(keywords), site)

    def invoke(self, function: Function, positional: Sequence[Value], keywords: Mapping[str, Value], site: Site) -> Value | None:
        """Walk the body of a function of the project; None where the walk must not go deeper."""
        node = function.node
        if len(self.path.stack) >= DEPTH or self.path.stack.count(node) >= RECURSION:
            return None
        inner = Scope(function.scope.file, function.name, function.scope, outside=False)
        bindings.bind_parameters(self, function, inner, positional, keywords, site)
        self.path.stack.append(node)
        if not self.path.quiet:
            self.path.inlined.add(node)
        caller = self.path.caller
        if function.scope.file.source is not site.source:
            self.path.caller = site
        try:
            with self.narrowed(NOTHING):
                return self.body(node, inner)
        finally:
            self.path.stack.pop()
            self.path.caller = caller

    def body(self, node: ast.AST, scope: Scope) -> Value | None:
        """Walk a function's body in a scope that holds its parameters; the value it returns, None where it raises."""
        if isinstance(node, ast.Lambda):
            return self.evaluate(node.body, scope)
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        left = self.execute(node.body, scope)
        if left is not None and left.how == "raise":
            return None
        return left.value if left is not None and left.value is not None else Constant(None)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Walk for bindings only: no roots, no tests, no statistics."""
        self.path.quiet += 1
        narrow, self.path.narrow = self.path.narrow, []
        try:
            yield
        finally:
            self.path.quiet -= 1
            self.path.narrow = narrow

    @contextmanager
    def eagerly(self) -> Iterator[None]:
        """Walk what runs eagerly, outside the graph: Python may ask for truth there, and numpy has values."""
        self.path.eager += 1
        try:
            yield
        finally:
            self.path.eager -= 1

    @contextmanager
    def narrowed(self, columns: frozenset[int]) -> Iterator[None]:
        """Names read inside are unknown in these columns, in which a test around says that nobody comes here."""
        depth = len(self.path.narrow)
        self.path.narrow.append(columns)
        try:
            yield
        finally:
            del self.path.narrow[depth:]

    def narrow(self, columns: frozenset[int]) -> None:
        """The same up to the end of the function, or of the test around: what went another way has left."""
        if columns:
            self.path.narrow.append(columns)

    def excluded(self) -> frozenset[int]:
        """The columns that the tests around rule out."""
        return frozenset().union(*self.path.narrow) if self.path.narrow else NOTHING

    def decide(self, test: ast.expr, default: bool, open_: bool) -> bool:
        """Which way a test goes on this path; an open one is offered for another walk."""
        if not open_ or self.path.quiet:
            return default
        self.path.tests.setdefault(test)
        flipped = self.path.flipped
        return not default if flipped is not None and (test is flipped or _conditions(test) & _conditions(flipped)) else default

    def site(self, node: ast.AST, scope: Scope) -> Site:
        """The place of a piece of syntax."""
        source = scope.file.source
        return Site(node, source, scope.function, self.path.caller if source is not self.file.source else None)

    def root(self, value: Value, evidence: int, why: str) -> None:
        """Record a value that training uses."""
        if not self.path.quiet:
            for node in _tensors(value):
                self.path.roots.append(Root(node, evidence, why))

    def bound(self, name: str, value: Value, scope: Scope) -> None:
        """A name was bound in the body that is walked as a loss: a loss-like one is a root of last resort."""
        if scope is self.path.entry and not self.path.quiet and VALUE_WORDS.search(name):
            if isinstance(value, Node) and not value.constant:
                self.path.named.append(Root(value, 1, f"bound to `{name}`"))

    def returned(self, value: Value, node: ast.Return, scope: Scope) -> None:
        """The body that is walked as a loss returns."""
        if scope is self.path.entry and not self.path.quiet:
            for name in _operands(node.value) if not isinstance(node.value, ast.Name) else ():
                self.bound(name, value, scope)  # `return tf.reduce_sum(c_loss)`: that is the loss
            items = value.items if isinstance(value, Dictionary) else {}
            facts = Facts(None, origin=frozenset(), constant=True)
            self.path.result = Node("result", tuple(_tensors(value)), self.site(node.value or node, scope), facts, {"items": dict(items)})

    # --- one loss ------------------------------------------------------------------------------------------------

    def traces(self, loss: Loss) -> Iterator[Trace]:
        """The record of each path of a loss: the default one, then one for each test that may go the other way.

        What only may be a loss is walked along its default path alone: what an option changes in it is doubt upon doubt.
        """
        first = self.walk(loss, None)
        yield first.trace
        steps = first.path.steps
        for test in list(first.path.tests)[: MOST_PATHS - 1]:
            if loss.evidence == 1 or steps > MOST_STEPS_OF_PATHS:
                return
            other = self.walk(loss, test)
            steps += other.path.steps
            yield other.trace

    def walk(self, loss: Loss, flipped: ast.expr | None) -> _Walked:
        """One walk along one path."""
        path = self.path = Path(flipped)
        try:
            self._enter(loss)
        except Stopped as stop:
            path.incomplete = str(stop)
        if not path.touched and not _own_arithmetic(path):
            path.roots, path.named = [], []  # no framework computes it: it evaluates, it trains nothing
            if path.foreign:
                path.effects = []  # the tensors are another framework's
        roots = [*path.roots, *_last_resort(path.named, path.roots)]
        text = None if flipped is None else " ".join(ast.unparse(flipped).split())
        if not roots and path.incomplete is None and loss.evidence >= 3:
            path.incomplete = "no value that training uses was found"
        trace = Trace(
            loss,
            tuple(roots),
            text,
            path.incomplete,
            tuple(path.effects),
            self.settings.keras,
            path.calls,
            tuple(path.unresolved),
            path.owner,
            tuple(path.called),
            tuple(path.handed),
            path.result,
        )
        return _Walked(trace, path)

    def _enter(self, loss: Loss) -> None:
        node = loss.node
        if isinstance(node, ast.Module):
            self.path.entry = scope = Scope(self.file, "", None)
            self.file.executing = True
            try:
                self.execute(node.body, scope)
            finally:
                self.file.executing = False
            return
        function = bindings.loss_function(self, loss)
        self.path.owner = function.bound.cls if isinstance(function.bound, Instance) else None
        self.path.entry = scope = bindings.entry_scope(self, loss, function)
        self.path.stack.append(node)
        value = self.body(node, scope)
        if loss.evidence and value is not None:
            first, *others = _returned(value) or [value]
            named = next((root.why for root in self.path.named if root.node is first), "") if loss.evidence == 1 else ""
            self.root(first, loss.evidence, f"returned, {named}" if named else "returned by the loss")
            for item in others:
                self.root(item, min(loss.evidence, 1), "returned by the loss")


class _Walked(Struct, frozen=True):
    trace: Trace
    path: Path


def _own_arithmetic(path: Path) -> bool:
    """Whether plain operators on the prediction and the target make the value, without numpy or another framework."""
    if path.foreign or any(effect.operation == "host" for effect in path.effects):
        return False
    return any(root.evidence >= 2 and root.node.origin & {"true", "pred"} for root in path.roots)


def _tensors(value: Value) -> Iterator[Node]:
    match value:
        case Node():
            yield value
        case Items(items=items):
            for item in items:
                yield from _tensors(item)
        case Dictionary(items=items):
            for item in items.values():
                yield from _tensors(item)


def _returned(value: Value) -> list[Value]:
    """What a loss returns, the loss itself first."""
    match value:
        case Items(items=items):
            return list(items)
        case Dictionary(items=items):
            return sorted(items.values(), key=lambda item: item is not items.get("loss"))
    return [value]


def _written(node: Node) -> tuple[int, str]:
    """What makes two nodes the same value: a node that a test narrowed is a copy of the one that was bound."""
    return id(node.site.syntax), node.operation


def _last_resort(named: list[Root], roots: list[Root]) -> list[Root]:
    """The loss-like names that no stronger root, and no later name, is made of."""
    kept: list[Root] = []
    covered = {_written(node) for node in reach(*(root.node for root in roots))}
    for root in reversed(named):
        if _written(root.node) not in covered:
            kept.append(root)
            covered.update(_written(node) for node in reach(root.node))
    return kept[::-1]


def run(source: Source, settings: Settings, modules: Modules) -> list[Trace]:
    """Find the losses of a file and run each along its paths.

    A function that is only called by other losses, which use what it returns, is judged where it is called: its own
    returned value keeps the weakest evidence. One that computes no tensor of its inputs is no loss, whatever its name.
    """
    runner = Run(source, settings, modules)
    if len(runner.file.index.scopes) > MOST_FUNCTIONS:
        return []
    traces: list[Trace] = []
    judged: set[ast.AST] = set()
    for loss in find(runner.file.index, source.path, settings.loss_names):
        for trace in runner.traces(loss):
            computes = any(not root.node.constant or root.node.columns.known for root in trace.roots)
            if loss.evidence and trace.incomplete is None and not computes:
                continue
            traces.append(trace)
            if trace.evidence >= 2 and trace.roots:
                judged |= _used(runner.path.inlined - {loss.node}, trace, source.path)
    return [_as_helper(t) if t.loss.node in judged and not t.loss.passed and t.loss.evidence < 3 else t for t in traces]


def _used(functions: set[Body], trace: Trace, path: str) -> set[Body]:
    """The functions of this file that computed something that training uses."""
    sites = (node.site for node in reach(*(root.node for root in trace.roots))) if functions else ()
    lines = {getattr(site.syntax, "lineno", 0) for site in sites if site.source.path == path}
    return {f for f in functions if not lines.isdisjoint(range(f.lineno, (f.end_lineno or f.lineno) + 1))}


def _as_helper(trace: Trace) -> Trace:
    return replace(trace, roots=tuple(Root(root.node, min(root.evidence, 1), root.why) for root in trace.roots))
