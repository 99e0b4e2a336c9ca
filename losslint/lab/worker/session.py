"""One loss in a child: opened once, then run on batches in several modes."""

from __future__ import annotations

import base64
import random
import re
import types
from contextlib import nullcontext
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import tensorflow as tf
from losslint_worker import models, names, reloading, training
from losslint_worker.fence import Refused
from losslint_worker.program import LAMBDA, Failed, Program, Unmade, assembled, brief, module_named
from losslint_worker.slopes import slopes

MOST_ELEMENTS = 200_000
# Words of files that may use randomness: seeding empties TensorFlow's cache of kernels, and makes every operation slow.
RANDOM = re.compile(r"random|dropout|noise|shuffle|sampl|distribution|Normal", re.IGNORECASE)


class Session:
    """Answers requests: ``open``, ``run``, ``evaluate``, ``shapes``, ``slopes``, ``reload``, ``fit``, ``exists``."""

    def __init__(self) -> None:
        self.paths: List[str] = []
        self.order: Dict[str, Any] = {}
        self.runners: Dict[str, Runner] = {}
        self.stand_ins: List[str] = []
        models.without_files(self.stand_ins.append)

    def answer(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """The answer to one request; exceptions of the loss pass through."""
        kind = request["request"]
        if kind == "open":
            self.order = request
            self.paths = [piece["path"] for piece in request["pieces"]]
            if request["numpy"]:
                tf.experimental.numpy.experimental_enable_numpy_behavior()
            opened = self.runner([], False).opened()
            opened["stand_ins"] += dict.fromkeys(self.stand_ins)
            return opened
        runner = self.runner(request.get("probes", []), request.get("wide", False))
        if kind == "evaluate":
            return {"values": [runner.evaluated(text, request["path"]) for text in request["expressions"]]}
        if kind == "reload":
            found: Dict[str, Any] = reloading.reloaded(runner.owner, request["given"], runner.given)
            return found
        if kind == "fit":
            shown: Dict[str, Any] = training.fitted(runner.remade)
            return shown
        if kind == "exists":
            return {"exists": names.exists(request["name"])}
        try:
            answers = {"shapes": runner.shapes, "slopes": runner.slopes, "run": runner.run}
            return answers[kind](request)
        except NameError as error:
            name = str(error).split("'")[1] if "'" in str(error) else ""
            if name not in runner.program.failures:
                raise
            raise Unmade("`{}` (its definition fails: {})".format(name, brief(runner.program.failures[name]))) from error

    def runner(self, probes: List[Any], wide: bool) -> Runner:
        """The runner of a set of probes, made once."""
        key = repr((probes, wide))
        if key not in self.runners:
            seed(0)
            self.runners[key] = Runner(self.order, probes, wide)
        return self.runners[key]


def seed(number: int) -> None:
    """Seed every source of randomness that a loss may use."""
    if hasattr(tf.keras.utils, "set_random_seed"):
        tf.keras.utils.set_random_seed(number)
    else:
        random.seed(number)
        np.random.seed(number)
        tf.random.set_seed(number)


class Runner:
    """The loss of one program: how it is called, and what its probes saw."""

    def __init__(self, order: Dict[str, Any], probes: List[Any], wide: bool) -> None:
        self.order, self.wide = order, wide
        self.paths = [piece["path"] for piece in order["pieces"]]
        self.seen: List[Tuple[int, List[Any], Any]] = []
        self.calls: List[Tuple[Any, Tuple[Any, ...], Dict[str, Any]]] = []  # of probed expressions, for derivatives
        self.traced: Dict[str, Callable[..., Any]] = {}
        self.layout: Dict[str, Any] = {}  # of a traced function: its gradients by name, its probes with their numbers of operands
        tf.keras.backend.set_floatx("float64" if wide else "float32")
        self.random = any(RANDOM.search(piece["text"]) for piece in order["pieces"])
        self.stand_ins: Dict[str, Any] = {}
        self.program = Program(order["pieces"], probes, self.record, wide, order["old"], self.arguments(order["names"]))
        self.owner: Any = None  # the object that the loss is a method of
        self.given: Dict[str, Any] = {}  # to its constructor
        self.loss = self.found()
        self.scope = models.Scope(self.loss, vars(self.program.main), order["parameters"])
        for name in self.scope.names():
            if models.build(self.scope.get(name)):
                self.program.stand_ins.append("`{}` was built for inputs of a guessed shape".format(name))

    def record(self, number: int, function: Any, *arguments: Any, **named: Any) -> Any:
        """Run a probed expression, keep its operands and its result."""
        result = arguments[0] if function is None else function(*arguments, **named)
        operands = [x for x in (getattr(function, "__self__", None), *arguments, *named.values()) if _numeric(x)]
        self.seen.append((number, [] if function is None else operands, result))
        self.calls = [(function, arguments, named)]
        return result

    # --- finding the loss -------------------------------------------------------------------------------------------

    def found(self) -> Callable[..., Any]:
        """Follow the steps that lead to the loss: names, calls of factories, objects and their methods."""
        at: Any = None
        for step in self.order["steps"]:
            kind = step["step"]
            if kind == "name":
                at = self.named(step["name"])
            elif kind == "lambda":
                at = vars(self.program.main)[LAMBDA]
            elif kind == "call":
                at = at(**self.arguments(step["arguments"]))
            elif kind == "construct":
                at = self.owner = self.constructed(at, step)
                for name, value in self.arguments(self.order["attributes"]).items():
                    setattr(at, name, value)
            elif kind == "attribute":
                at = getattr(at, step["name"])
        loss: Callable[..., Any] = at
        return loss

    def remade(self) -> Any:
        """The object that the loss is a method of, made anew."""
        self.found()
        return self.owner

    def named(self, name: str) -> Any:
        """A name of the file, or why it is not there."""
        if name not in vars(self.program.main):
            failure = self.program.failures.get(name)
            if failure is None:
                raise Unmade("`{}`, which is not defined".format(name))
            if isinstance(failure, names.Missing):
                raise failure
            raise Unmade("`{}` (its definition fails: {})".format(name, brief(failure))) from failure
        return vars(self.program.main)[name]

    def constructed(self, class_: Any, step: Dict[str, Any]) -> Any:
        """An object made by the class's own constructor or, where that fails, with those of its attributes that can be had."""
        arguments = self.given = self.arguments(step["arguments"])
        try:
            return class_(**arguments)
        except (Exception, Refused) as error:
            made = assembled(class_, arguments, self.program.constructor(class_.__name__))
            if made is None:
                raise
            self.program.stand_ins.append(
                "the constructor of `{}` fails ({}), its attributes were set one by one".format(class_.__name__, brief(error))
            )
            return made

    def arguments(self, told: Dict[str, Any]) -> Dict[str, Any]:
        """Arguments that are no tensors."""
        return {name: self.argument(name, spec) for name, spec in told.items()}

    def argument(self, name: str, spec: Dict[str, Any]) -> Any:
        """One argument: a literal, an expression of the file, a module, the batch size, or a stand-in."""
        if "value" in spec:
            return spec["value"]
        if "expression" in spec:
            return eval(compile(spec["expression"], "<argument>", "eval"), vars(self.program.main))
        if "module" in spec:
            return module_named(spec["module"])
        if "tensor" in spec:
            return self.tensor(spec["tensor"], 1)
        if "batch_size" in spec:
            return self.order["samples"]
        if "mapping" in spec:
            return {key: self.argument(str(key), part) for key, part in spec["mapping"]}
        if "object" in spec:
            return types.SimpleNamespace(**self.arguments(spec["object"]))
        if "list" in spec:
            return [self.argument("{}[{}]".format(name, i), part) for i, part in enumerate(spec["list"])]
        if "matrix" in spec:
            return np.array(spec["matrix"], "float32")
        if name not in self.stand_ins:
            self.stand_ins[name] = models.stand_in(spec["stand_in"])
        return self.stand_ins[name]

    def opened(self) -> Dict[str, Any]:
        """What had to be stood in for, and what was found elsewhere."""
        return {"stand_ins": list(dict.fromkeys(self.program.stand_ins)), "moved": dict(names.moved)}

    def evaluated(self, text: str, path: Optional[str]) -> Optional[float]:
        """A number that an expression of the loss stands for in its own scope (or in that of a file), None if it is none."""
        scope = dict(getattr(self.loss, "__globals__", vars(self.program.main)))
        if path is not None and path in self.paths and self.paths.index(path) in self.program.modules:
            scope = dict(vars(self.program.modules[self.paths.index(path)]))
        code = getattr(self.loss, "__code__", None)
        for name, cell in zip(getattr(code, "co_freevars", ()), getattr(self.loss, "__closure__", None) or ()):
            try:
                scope[name] = cell.cell_contents
            except ValueError:  # not bound yet
                continue
        names_ = getattr(code, "co_varnames", ())[: getattr(code, "co_argcount", 0)]
        defaults = getattr(self.loss, "__defaults__", None) or ()
        scope.update(zip(names_[len(names_) - len(defaults) :], defaults))
        owner = getattr(self.loss, "__self__", None)
        if owner is not None:
            scope["self"] = owner
        try:
            value = eval(compile(text, "<hint>", "eval"), scope)
        except Exception:  # a hint that cannot be computed is no hint
            return None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    # --- running it -------------------------------------------------------------------------------------------------

    def run(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Value, gradients and probes of one batch in one mode."""
        repeat = request["repeat"]
        tensors = {name: self.tensor(told, repeat) for name, told in request["inputs"].items()}
        tf.keras.backend.set_floatx("float64" if self.wide else "float32")  # the loss before may have changed it
        if self.random and request["seed"] >= 0:
            seed(request["seed"])
        mode, change = request["mode"], request["change"]
        with self.scope.changed(change) if change else nullcontext():
            if mode == "eager":
                value, gradients, probes = self.step(request, tensors)
            else:
                value, gradients, probes = self.compiled(request, tensors, mode)
        return {
            "value": _sent(value),
            "returned": "" if value is None or _numeric(value) else type(value).__name__,
            "gradients": {name: _sent(g) for name, g in gradients.items()},
            "probes": [[n, [_sent(o) for o in operands], _sent(result)] for n, operands, result in probes],
            "moved": dict(names.moved),
        }

    def shapes(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """The shapes of all tensors of a graph for one batch, the loss's functions included."""
        tensors = {name: self.tensor(told, request["repeat"]) for name, told in request["inputs"].items()}

        def traced(*given: Any) -> Any:
            return _first(self.loss(**self.called(request, dict(zip(tensors, given)))))

        signature = [tf.TensorSpec(t.shape, t.dtype) for t in tensors.values()]
        graph = tf.function(traced, autograph=False, input_signature=signature).get_concrete_function().graph
        found = [output.shape for operation in graph.get_operations() for output in operation.outputs]
        return {"shapes": [list(shape.as_list()) for shape in found if shape.rank is not None]}

    def slopes(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """The derivatives of the last call of the probed expression, or of the whole loss, see `losslint_worker.slopes`."""
        tensors = {name: self.tensor(told, request["repeat"]) for name, told in request["inputs"].items()}
        function, positional, named = self.loss, (), self.called(request, tensors)  # type: Any, Tuple[Any, ...], Dict[str, Any]
        if request["probes"]:
            self.calls = []
            self.loss(**named)
            if not self.calls:
                raise Failed("the flagged call is not made")
            function, positional, named = self.calls[-1]

        def call(*operands: Any) -> Any:
            if self.random:
                seed(0)
            return function(*operands[: len(positional)], **dict(zip(named, operands[len(positional) :])))

        return {"slopes": slopes(call, [*positional, *named.values()])}

    def tensor(self, told: Dict[str, Any], repeat: int) -> Any:
        """A tensor of a request, its samples repeated."""
        values = np.frombuffer(base64.b64decode(told["data"]), dtype="<f8").reshape(told["shape"])
        if repeat > 1 and values.ndim:
            values = np.concatenate([values] * repeat)
        rounded = values.astype(told["dtype"])  # the same numbers in both precisions
        return tf.constant(rounded.astype("float64") if self.wide and told["dtype"] == "float32" else rounded)

    def step(self, request: Dict[str, Any], tensors: Dict[str, Any]) -> Tuple[Any, Dict[str, Any], List[Any]]:
        """Call the loss under a tape."""
        self.seen = []
        floats = {name: t for name, t in tensors.items() if name in request["watch"] and t.dtype.is_floating}
        with tf.GradientTape() as tape:
            tape.watch(list(floats.values()))
            returned = self.loss(**self.called(request, tensors))
            value = self.observed(request, returned)
            total = _total(value if request.get("observe") is not None else returned)
        if total is None:
            return value, {name: None for name in floats}, self.seen
        variables = list(tape.watched_variables())
        found = tape.gradient(total, [*floats.values(), *variables])
        gradients = dict(zip(floats, found))
        gradients.update({"variable {}".format(i): g for i, g in enumerate(found[len(floats) :])})
        return value, gradients, self.seen

    def observed(self, request: Dict[str, Any], returned: Any) -> Any:
        """The value that counts: what the loss returned, or what the last probe of a number saw."""
        number = request.get("observe")
        if number is None:
            return _first(returned)
        results = [result for n, _, result in self.seen if n == number]
        if not results:
            raise Failed("the value that training uses was not computed")
        return results[-1]

    def called(self, request: Dict[str, Any], tensors: Dict[str, Any]) -> Dict[str, Any]:
        """The arguments of the loss; a parameter that is a list has one tensor for each of its names, ``self.x`` is an attribute."""
        arguments = self.arguments({**self.order["arguments"], **request.get("options", {})})
        for name, parts in self.order["tensors"].items():
            if name.startswith("self."):
                setattr(self.owner, name[5:], tensors[name])
            elif name not in request.get("options", {}):
                arguments[name] = tensors[parts] if isinstance(parts, str) else [tensors[part] for part in parts]
        own = {part for parts in self.order["tensors"].values() for part in ([parts] if isinstance(parts, str) else parts)}
        arguments.update({name: tensor for name, tensor in tensors.items() if name not in own})  # given by name, for this run
        return arguments

    def compiled(self, request: Dict[str, Any], tensors: Dict[str, Any], mode: str) -> Tuple[Any, Dict[str, Any], List[Any]]:
        """The same in a graph: ``graph`` does not know the batch size, ``static`` and ``xla`` do."""
        signature = [
            tf.TensorSpec([None, *t.shape[1:]] if mode == "graph" and t.shape.rank else t.shape, t.dtype) for t in tensors.values()
        ]
        key = repr((mode, signature, request.get("options"), request.get("observe")))

        def traced(*given: Any) -> Any:
            value, gradients, probes = self.step(request, dict(zip(tensors, given)))
            graph = tf.compat.v1.get_default_graph()
            reachable = [(n, [o for o in operands if _belongs(o, graph)], r) for n, operands, r in probes if _belongs(r, graph)]
            present = [tf.convert_to_tensor(g) for g in gradients.values() if g is not None]
            counts = [(n, len(operands)) for n, operands, _ in reachable]
            self.layout[key] = [(name, g is not None) for name, g in gradients.items()], counts
            flat = [x for _, operands, r in reachable for x in (*operands, r)]
            return tf.convert_to_tensor(value) if _numeric(value) else tf.zeros([0]), present, [tf.convert_to_tensor(x) for x in flat]

        if key not in self.traced:
            self.traced[key] = tf.function(traced, autograph=False, input_signature=signature, jit_compile=mode == "xla" or None)
        value, present, flat = self.traced[key](*tensors.values())
        told, counts = self.layout[key]
        present, flat = list(present), list(flat)
        gradients = {name: present.pop(0) if there else None for name, there in told}
        probes = []
        for number, operands in counts:
            probes.append((number, [flat.pop(0) for _ in range(operands)], flat.pop(0)))
        return value, gradients, probes


def _belongs(value: Any, graph: Any) -> bool:
    return _numeric(value) and (not isinstance(value, tf.Tensor) or getattr(value, "graph", None) is graph)


def _numeric(value: Any) -> bool:
    """Whether a value is a tensor or array of numbers, or a number."""
    if isinstance(value, (tf.Tensor, tf.Variable)):
        return bool(value.dtype.is_floating or value.dtype.is_integer or value.dtype.is_bool)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, (int, float, np.generic)) or type(value).__name__ == "Variable"


def _first(returned: Any) -> Any:
    """What a loss returned; of several values the one called `loss`, or the first number."""
    if isinstance(returned, dict):
        return returned.get("loss", next((value for value in returned.values() if _numeric(value)), None))
    if isinstance(returned, (tuple, list)):
        return next((value for value in returned if _numeric(value)), None)
    return returned


def _total(returned: Any) -> Any:
    """What the gradient is taken of: the mean of what the loss gave, of several values the sum of their means."""
    values = [value for value in tf.nest.flatten(returned) if isinstance(value, tf.Tensor) and value.dtype.is_floating]
    return tf.add_n([tf.cast(tf.reduce_mean(value), values[0].dtype) for value in values]) if values else None


def _sent(value: Any) -> Any:
    """A tensor as data; None for what is none."""
    if value is None or not (_numeric(value) or isinstance(value, tf.IndexedSlices)):
        return None
    if isinstance(value, tf.IndexedSlices):
        value = tf.convert_to_tensor(value)
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    dtype = "bfloat16" if array.dtype.kind == "V" else str(array.dtype)
    if array.size > MOST_ELEMENTS:
        array = array.reshape(-1)[:MOST_ELEMENTS]
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(array.astype("<f8").tobytes()).decode()}
