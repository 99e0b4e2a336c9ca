"""LL502 not-reloadable: a loss class that forgets how it was made when its model is saved.

## What it does

Reports a subclass of the Keras `Loss` whose constructor takes parameters that `get_config` does not give back, because there
is no `get_config` or because it leaves some of them out.

## Why is this bad

When Keras saves a compiled model, or writes its configuration, it asks the loss for `get_config`, and makes the loss anew
from the answer. The `get_config` of the base class knows `name` and `reduction` and nothing else. A parameter without a
default makes loading fail. One with a default is worse: the loaded model trains on, with the default value instead of
yours, and nothing says so.

## Example

```python
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def __init__(self, gamma=2.0, **kwargs):
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0)
        return -ops.sum(y_true * (1.0 - y_pred) ** self.gamma * ops.log(y_pred), axis=-1)
```

## Use instead

```python
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def __init__(self, gamma=2.0, **kwargs):
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0)
        return -ops.sum(y_true * (1.0 - y_pred) ** self.gamma * ops.log(y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma}
```

## What it does not flag

* `name`, `reduction`, `dtype`, and what `*args` and `**kwargs` take.
* A parameter that a base class keeps, and classes with a base that losslint cannot read.
* A `get_config` that reads the attribute which the constructor made of the parameter, under whatever name.
* A parameter that an own `from_config` supplies.
* A function that a class with a `get_config` is made with: a wrapper, whose subclasses supply the function.

## Fix safety

Unsafe: a `get_config` is written that returns the parameters as the constructor keeps them. Training stays the same; what a saved
model holds does not. Where the constructor changes what it is given before it keeps it, there is no fix.

## How it is confirmed

The loss is made with values other than the defaults, serialised, and made anew from its configuration: that raises an error, or
an attribute that holds a parameter is another one afterwards.

## Known misses

* A `get_config` that names a parameter and gives another value for it.

## References

* Keras, *Save, serialize, and export models*, on custom objects. https://keras.io/guides/serialization_and_saving/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.classes import definition, foreign_bases, methods
from losslint.analysis.node import Node
from losslint.analysis.objects import Class
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Raised, Run, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.operations.namespaces import canonical
from losslint.repair import UNSAFE, Change, Repair
from losslint.rule import Report, Rule

from .configuration import functions, handed_on, kept_as_given, told_by_config, words

BAD = (
    """\
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def __init__(self, gamma=2.0, **kwargs):  # here
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0)
        return -ops.sum(y_true * (1.0 - y_pred) ** self.gamma * ops.log(y_pred), axis=-1)
""",
    """\
import tensorflow as tf


class WeightedError(tf.keras.losses.Loss):
    def __init__(self, positive, negative, name="weighted_error"):  # here
        super().__init__(name=name)
        self.positive = positive
        self.negative = negative

    def call(self, y_true, y_pred):
        weights = tf.where(y_true > 0.5, self.positive, self.negative)
        return tf.reduce_mean(weights * tf.abs(y_true - y_pred), axis=-1)

    def get_config(self):
        config = super().get_config()
        config["positive"] = self.positive
        return config
""",
    """\
from tensorflow.keras.losses import BinaryCrossentropy


class ScaledCrossentropy(BinaryCrossentropy):
    def __init__(self, scale, from_logits=False, **kwargs):  # here
        super().__init__(from_logits=from_logits, **kwargs)
        self._scale = float(scale)

    def call(self, y_true, y_pred):
        return self._scale * super().call(y_true, y_pred)
""",
    """\
import keras
from keras import ops


class QuantileBase(keras.losses.Loss):
    def __init__(self, quantile, **kwargs):
        super().__init__(**kwargs)
        self.quantile = quantile

    def call(self, y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.quantile * error, (self.quantile - 1.0) * error), axis=-1)

    def get_config(self):
        return {**super().get_config(), "quantile": self.quantile}


class ScaledQuantile(QuantileBase):
    def __init__(self, quantile, scale=1.0, **kwargs):  # here
        super().__init__(quantile, **kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * super().call(y_true, y_pred)
""",
    """\
import tensorflow as tf


class WeightedError(tf.keras.losses.MeanSquaredError):
    def __init__(self, weight=2.0, name="weighted_error", **kwargs):  # here
        super().__init__(name=name, **kwargs)
        self.weight = weight
        self.fn = lambda true, pred: self.weight * tf.reduce_mean(tf.square(true - pred), axis=-1)
""",
)
GOOD = (
    """\
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def __init__(self, gamma=2.0, **kwargs):
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0)
        return -ops.sum(y_true * (1.0 - y_pred) ** self.gamma * ops.log(y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma}
""",
    """\
import tensorflow as tf


class SmoothError(tf.keras.losses.Loss):
    def __init__(self, reduction="sum_over_batch_size", name="smooth_error"):
        super().__init__(reduction=reduction, name=name)

    def call(self, y_true, y_pred):
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


class Pinball(tf.keras.losses.Loss):
    def __init__(self, low, high, **kwargs):
        super().__init__(**kwargs)
        width = high - low
        self.settings = {"low": low, "high": high}
        self.scale = 0.5 * (1.0 + width)

    def call(self, y_true, y_pred):
        return self.scale * tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update(self.settings)
        return config
""",
    """\
import keras
from keras import ops


class Configured(keras.losses.Loss):
    def __init__(self, power, **kwargs):
        super().__init__(**kwargs)
        self._power = ops.convert_to_tensor(power)

    @property
    def power(self):
        return float(self._power)

    def get_config(self):
        return dict(super().get_config(), power=self.power)


class PowerError(Configured):
    def __init__(self, power=1.5, **kwargs):
        super().__init__(power=power, **kwargs)

    def call(self, y_true, y_pred):
        return ops.mean((ops.abs(y_true - y_pred) + 1e-3) ** self._power, axis=-1)
""",
    """\
import tensorflow as tf


class Wrapped(tf.keras.losses.Loss):
    def __init__(self, fn, name=None, **kwargs):
        super().__init__(name=name)
        self.fn = fn
        self._options = kwargs

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._options)

    def get_config(self):
        return {**super().get_config(), **self._options}
""",
    """\
from losses_of_a_package import ConfigurableLoss
import tensorflow as tf


class HuberLike(ConfigurableLoss):
    def __init__(self, delta):
        super().__init__()
        self.delta = delta

    def call(self, y_true, y_pred):
        return tf.reduce_mean(tf.minimum(tf.abs(y_true - y_pred), self.delta), axis=-1)
""",
)
MISSES = (
    """\
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def __init__(self, gamma=2.0, **kwargs):  # here
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** self.gamma, axis=-1)

    def get_config(self):
        return {**super().get_config(), "gamma": 2.0}
""",
)
KEPT_BY_KERAS = frozenset({"name", "reduction", "dtype"})
HARMLESS = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
EVERYTHING = frozenset({"locals", "vars", "__dict__", "setattr", "getattr", "__init_args__", "signature"})


def _keras_bases(cls: Class) -> set[str] | None:
    """The Keras losses that a class derives from; None if one of its bases cannot be read."""
    names = {name for name in foreign_bases(cls) if name not in HARMLESS}
    found = {canonical(name) if name else None for name in names}
    if all(name and name.startswith(("keras.losses.", "tf.losses.")) for name in found):
        return {name for name in found if name}
    return None


def _parameters(node: ast.FunctionDef) -> list[tuple[str, bool]]:
    """The parameters of a constructor that are its own affair, each with whether it has a default."""
    arguments = node.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    late = len(positional) - len(arguments.defaults)
    found = [(name, index >= late) for index, name in enumerate(positional) if index]
    found += [(a.arg, default is not None) for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [(name, default) for name, default in found if name not in KEPT_BY_KERAS]


def _constructor(trace: Trace) -> tuple[Class, tuple[ast.FunctionDef, Class], set[str]] | None:
    """The class of a loss, its constructor with the class that this is written in, and the Keras losses that it derives from."""
    cls = trace.owner
    bases = None if cls is None else _keras_bases(cls)
    constructors = [] if cls is None else methods(cls).get("__init__", [])
    return (cls, constructors[0], bases) if cls is not None and bases and constructors else None


def check(trace: Trace) -> Iterator[Report]:
    """The constructor of the loss's class, if a parameter of it is lost."""
    found = _constructor(trace)
    if found is None:
        return
    cls, (constructor, where), bases = found
    own = methods(cls)
    told = told_by_config(cls) | handed_on(cls, constructor, bases) | functions(cls)
    used = words(ast.Module(constructor.body, []))
    lost = [(name, default) for name, default in _parameters(constructor) if name not in told and (name in used or not default)]
    if not lost or told & EVERYTHING:
        return
    names = " and ".join(", ".join(f"`{name}`" for name, _ in lost).rsplit(", ", 1))
    left = "which its `get_config` leaves out" if "get_config" in own else "but no `get_config` tells Keras so"
    needed = next((name for name, default in lost if not default), None)
    then = (
        f"loading a saved model fails for want of `{needed}`"
        if needed
        else f"after loading, {names} will be back at the default, and nothing says so"
    )
    message = f"`{cls.node.name}.__init__` takes {names}, {left}: {then}"
    help_ = f'write a `get_config` that returns `{{**super().get_config(), "{lost[0][0]}": …}}` with every parameter of `__init__`'
    yield Report(definition(constructor, where), message, help_)


def fix(trace: Trace, report: Report) -> Repair | None:
    """A `get_config` that gives back every parameter of the constructor."""
    found = _constructor(trace)
    if found is None or "get_config" in methods(found[0]):
        return None
    constructor = found[1][0]
    own, kept = [name for name, _ in _parameters(constructor)], kept_as_given(constructor)
    if not set(own) <= set(kept):
        return None
    arguments = constructor.args
    every = constructor.args.kwarg is not None or {"name", "reduction"} <= {a.arg for a in (*arguments.args, *arguments.kwonlyargs)}
    items = ", ".join([*(["**super().get_config()"] if every else []), *(f'"{name}": self.{kept[name]}' for name in own)])
    text = f"\ndef get_config(self):\n\treturn {{{items}}}"
    return Repair(UNSAFE, "gives back the parameters, so that a saved model can be loaded", (Change(constructor, (text,)),))


def places(trace: Trace) -> Iterator[Node]:
    """The constructor of a Keras loss that takes parameters, functions apart."""
    found = _constructor(trace)
    if found is not None and not functions(found[0]):
        yield definition(*found[1])


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss that is made anew from its own configuration is another one, or cannot be made."""
    again = lab.reloaded()
    raised = Raised(*again.error.partition(": ")[::2]) if again.error else None
    run = Run(Batch({}, {}, words="no batch, the loss object itself"), "eager", None, raised=raised)
    if raised is not None:
        return confirmed(f"the loss cannot be made anew from its own configuration: {again.error}", run, expected="the same loss")
    if again.lost:
        names = ", ".join(f"`{name}`" for name in again.lost)
        return confirmed(f"made anew from its own configuration, the loss has other values for {names}", run, expected="the same values")
    return refuted("the loss that is made anew from its own configuration has the same parameters")


RULE = Rule("LL502", "not-reloadable", Severity.WARNING, check, BAD, GOOD, MISSES, fix=fix, confirm=confirm, places=places)
