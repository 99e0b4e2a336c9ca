"""No file in which a loss is found is screened out."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from losslint import losses, names
from losslint.rule import Rule
from losslint.screen import may_hold_loss

IMPORT = "from tensorflow import keras\n"
HOLDING = {
    "a name": "def my_loss(a, b):\n    return a\n",
    "a name after a line break": "def \\\n  my_loss(a, b):\n    return a\n",
    "a prediction": "def f(x, y_pred):\n    return x\n",
    "a prediction after a default with parentheses": "def f(size=(1, 2), y_pred=None, *, z):\n    return z\n",
    "a prediction with a type": "def f(a: dict[str, int], logits: Tensor = None, *rest, b):\n    return a\n",
    "a score": "def dice(a, b):\n    return a\n",
    "two tensors and a reduction": "def f(a, b):\n    return keras.backend.mean (a - b)  # cost\n",
    "two tensors and an imported reduction": "def f(a, b):\n    return reduce_mean(a - b)  # cost\n",
    "two tensors and a tensor's own reduction": "import numpy as np\ndef f(a, b):\n    return (a - b).mean() + np.sum(1)  # cost\n",
    "two tensors and a loss": "def f(a, b):\n    return keras.losses.mse(a, b)\n",
    "a loss class": "class Odd(keras.losses.Loss):\n    def call(self, a, b):\n        return a\n",
    "a class named loss": "class OddLoss(\n    Base\n):\n    def __call__(self, a, b):\n        return a\n",
    "a constructor of a loss class": "class OddLoss(Base):\n    def __init__(self, a):\n        self.a = a\n",
    "a lambda": "model.compile(loss = lambda a, b: a)\n",
    "a list": "model.compile(loss=[f, f])\ndef f(a, b):\n    return a\n",
    "a name that is passed": "def f(a, b):\n    return a\nmodel.compile(optimizer, loss=\\\n    f)\n",
    "a method that is passed": "class A:\n    def f(self, a):\n        return a\n    def g(self):\n        self.m.fit(loss_fn=self.f)\n",
    "a cross-entropy by its name": "def build():\n    model().compile('sgd', 'binary_crossentropy')\n",
    "a second argument": "def f(a, b):\n    return a\nmodel.compile(Adam(1e-3, (1)), f)\n",
    "a minimised value": "def step(x):\n    optimizer.minimize (x)\n",
    "a minimised value by a bare name": "x = minimize(x)\n",
    "an assigned value": "def f():\n    loss = keras.ops.sum(x)\n",
    "an assigned value of Python's sum": "def f():\n    total_loss: float = sum(x)\n",
    "one of several": "def f():\n    (a, cost), b = g(keras.ops.log(x))\n",
    "one of several without parentheses": "def f():\n    cost, *b = g(keras.ops.log(x))\n",
    "an attribute": "def f(self):\n    self.loss_1 += keras.ops.log(x)\n",
    "a loop": "def f():\n    for cost in keras.ops.log(x):\n        print(cost)\n",
    "a comprehension": "x = [keras.ops.log(nll) for i, nll in x]\n",
    "a walrus": "def f():\n    if (loss := keras.ops.mean(x)):\n        return loss\n",
    "an assignment after a colon": "if log(x): loss = 1\n",
    "a compiled cross-entropy": "model.compile('sgd', loss='binary_crossentropy')\n",
    "other letters": "def Focal_LOSS(a, b):\n    return a\n",
}
FREE = {
    "no framework": "def my_loss(y_true, y_pred):\n    return y_pred\n",
    "no loss": IMPORT + "def shape(x):\n    return keras.ops.shape(x)\n",
    "a word in a comment": IMPORT + "# a loss\ndef shape(x):\n    return keras.ops.shape(x)\n",
    "a loss by its name in a string": IMPORT + "def build(x):\n    x.compile('sgd', loss='mse')\n",
    "two arrays": IMPORT + "import jax.numpy as jnp\ndef f(a, b):\n    return jnp.linalg.norm(a - b)  # cost\n",
    "the definition of a reduction": IMPORT + "def log(x):\n    loss = x\n    return loss\n",
}


def _found(text: str) -> list[losses.Loss]:
    return losses.find(names.index(ast.parse(text)), "file.py")


@pytest.mark.parametrize("text", HOLDING.values(), ids=HOLDING)
def test_a_file_with_a_loss_passes(text: str) -> None:
    assert _found(IMPORT + text)
    assert may_hold_loss((IMPORT + text).encode())
    assert may_hold_loss((IMPORT + text).replace("\n", "\r\n").encode())


@pytest.mark.parametrize("text", FREE.values(), ids=FREE)
def test_a_file_without_one_does_not(text: str) -> None:
    assert not may_hold_loss(text.encode())


def test_every_example_of_a_rule_passes(built_in: tuple[Rule, ...]) -> None:
    for rule in built_in:
        for text in (*rule.bad, *rule.misses):
            assert may_hold_loss(text.encode()), rule.name


@pytest.mark.tensorflow
def test_no_loss_of_an_installed_keras_is_screened_out() -> None:
    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    checked = 0
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        data = path.read_bytes()
        if not may_hold_loss(data) and b"keras" in data:
            found = [loss for loss in _found(data.decode()) if loss.why != losses.WEAKEST]
            assert not found, path
            checked += 1
    assert checked
