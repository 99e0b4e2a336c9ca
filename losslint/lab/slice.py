"""A loss with all it needs and the way to call it: what is sent to the worker."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from losslint.analysis.trace import Trace
from losslint.experiment import Undecided
from losslint.lab import contents, guesses
from losslint.lab.calling import Calling, calling
from losslint.lab.slicing import Slicer
from losslint.source import Declared, Modules, Source


@dataclass(frozen=True, slots=True)
class Slice:
    """A loss with all it needs, ready to be sent."""

    pieces: tuple[dict[str, Any], ...]
    call: Calling
    functions: tuple[ast.AST, ...] = ()
    declared: Mapping[str, Declared] = field(default_factory=dict)
    samples: int = contents.SAMPLES

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

    def attribute(self, name: str) -> dict[str, Any] | None:
        """A guess for an attribute that the constructor does not set, by what the methods do with it; None if the loss is no method."""
        if not any(step["step"] == "construct" for step in self.call.steps):
            return None
        used = guesses.usage(name, self.functions, "self")
        return guesses.guess(name, used)[0] if used.read else None

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
            "old": old,
        }
