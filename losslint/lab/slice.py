"""A loss with all it needs and the way to call it: what is sent to the worker."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from losslint.analysis.trace import Trace
from losslint.experiment import Undecided
from losslint.lab import contents, guesses
from losslint.lab.calling import Calling, calling, part
from losslint.lab.names import bindings
from losslint.lab.slicing import Slicer, position
from losslint.names import dotted
from losslint.source import Declared, Modules, Source

INPUTS = frozenset({"placeholder", "placeholder_with_default", "Input", "get_next"})  # calls that make what a batch is fed into
LACKING = re.compile(r"AttributeError: '\w+' object has no attribute '(\w+)'")
NUMPY = re.compile(r"experimental_enable_numpy_behavior")  # what TensorFlow advises where a tensor is used like an array
UNDEFINED = re.compile(r"the loss needs `(\w+)` \(its definition fails: (?!Refused)")  # what the fence refused is told, not guessed around


@dataclass(frozen=True, slots=True)
class Slice:
    """A loss with all it needs, ready to be sent.

    Attributes
    ----------
    attributes
        Of its object, guessed: no constructor sets them.
    names
        Of its modules, guessed: the statements that bind them fail, and are left out of the pieces.
    numpy
        Tensors have numpy's methods.
    told
        All that in words.
    """

    pieces: tuple[dict[str, Any], ...]
    call: Calling
    functions: tuple[ast.AST, ...] = ()
    declared: Mapping[str, Declared] = field(default_factory=dict)
    samples: int = contents.SAMPLES
    attributes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    names: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    numpy: bool = False
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, trace: Trace, source: Source, modules: Modules, inputs: Mapping[str, str] | None = None) -> Slice:
        """Cut the loss of a trace out of its file; `inputs` are those that the settings declare.

        Raises
        ------
        Undecided
            It is no function.
        """
        if trace.loss.scope.function is None:
            raise Undecided("the value is computed by code of the module that also builds and trains; put it into a function of its own")
        slicer = Slicer(source, modules)
        chain, read = slicer.loss(trace.loss.scope)
        told = source.declared(trace.loss.node, trace.loss.function, inputs)
        call = calling(trace.loss, chain, read, source.index, trace.flipped)
        return cls(tuple(piece.sent() for piece in slicer.pieces), call, tuple(slicer.functions(trace.loss.scope)), told)

    def filled(self, failure: str) -> Slice | None:
        """The slice with what a failure says is not there: an attribute of its object, a name of a module, numpy's methods of tensors.

        None where nothing of the kind is missing, or it was given already.
        """
        if NUMPY.search(failure) and not self.numpy:
            return replace(self, numpy=True, told=(*self.told, "tensors have numpy's methods (`experimental_enable_numpy_behavior`)"))
        if (lacking := LACKING.search(failure)) is not None and lacking[1] not in self.attributes:
            return self._with_attribute(lacking[1])
        if (undefined := UNDEFINED.search(failure)) is not None and undefined[1] not in self.names:
            return self._with_name(undefined[1])
        return None

    def _with_attribute(self, name: str) -> Slice | None:
        """A guess by what the methods do with it; what a batch is fed into is an input of the loss."""
        used = guesses.usage(name, self.functions, "self")
        if not used.read or not any(step["step"] == "construct" for step in self.call.steps):
            return None
        if self._is_input(name, used):
            place = f"self.{name}"
            call = replace(self.call, tensors={**self.call.tensors, place: place}, roles={**self.call.roles, place: part(name) or "other"})
            return replace(self, call=call, told=(*self.told, f"`{place}` is an input"))
        spec, words = guesses.guess(name, used)
        told = f"`self.{name}` is set by no constructor and was guessed ({words.removeprefix('stand-in: ')})"
        return replace(self, attributes={**self.attributes, name: spec}, told=(*self.told, told))

    def _is_input(self, name: str, used: guesses.Usage) -> bool:
        """Whether an attribute is fed with batches: it is made to be, or nothing else could be the input of the loss."""
        for node in ast.walk(ast.parse(self.pieces[0]["text"])):
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=ast.Call(func=made)):
                    if attribute == name and (dotted(made) or "").rpartition(".")[2] in INPUTS:
                        return True
        fed = [place for place in self.call.tensors if not place.startswith("self.")]
        return not fed and guesses.number(name) is None and used.called is None and not used.keys and not guesses.MODEL_NAME.search(name)

    def _with_name(self, name: str) -> Slice | None:
        """A guess by what the functions do with it, in place of the statements that assign it; None if none does."""
        for number, piece in enumerate(self.pieces):
            bound = [binding.statement for found, binding in bindings(ast.parse(piece["text"]).body) if found == name]
            places = {position(statement) for statement in bound if isinstance(statement, ast.Assign | ast.AnnAssign)}
            if len(places) == len(bound) and places & set(piece["keep"]):
                spec, words = guesses.guess(name, guesses.usage(name, self.functions))
                fewer = {**piece, "keep": [place for place in piece["keep"] if place not in places], "given": [*piece["given"], name]}
                told = f"`{name}` cannot be computed and was guessed ({words.removeprefix('stand-in: ')})"
                pieces = (*self.pieces[:number], fewer, *self.pieces[number + 1 :])
                return replace(self, pieces=pieces, names={**self.names, name: spec}, told=(*self.told, told))
        return None

    def order(self, old: bool) -> dict[str, Any]:
        """The request that opens it; `old`: for TensorFlow's first version."""
        return {
            "request": "open",
            "pieces": list(self.pieces),
            "steps": self.call.steps,
            "arguments": self.call.arguments,
            "tensors": self.call.tensors,
            "parameters": self.call.parameters,
            "samples": self.samples,
            "attributes": dict(self.attributes),
            "names": dict(self.names),
            "numpy": self.numpy,
            "old": old,
        }
