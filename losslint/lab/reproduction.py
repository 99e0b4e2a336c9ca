"""One script for a confirmed finding: the loss as the user wrote it, the batch, and an assertion that fails."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from losslint.finding import Finding, Witness
from losslint.lab.cutting import LAMBDA, cut
from losslint.lab.slice import Slice

MODEL = 'tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(4, activation="tanh"), tf.keras.layers.Dense(3)])'
STAND_INS = {
    "model": MODEL,
    "optimizer": "tf.keras.optimizers.SGD(0.0)",
    "error": "lambda true, pred, *rest: tf.reduce_mean(tf.square(true - pred), axis=-1)",
    "identity": "lambda x, *rest: x",
}
PROOFS = {
    "finite": """\
with tf.GradientTape() as tape:
    tape.watch(inputs)
    value = loss(**inputs)
    total = tf.reduce_mean(value)
gradients = tape.gradient(total, inputs)
print("loss:", value.numpy())
assert np.isfinite(value).all(), "the loss is not finite"
for name, gradient in gradients.items():
    print("gradient of", name + ":", gradient)
    assert gradient is None or np.isfinite(gradient).all(), "the gradient is not finite"
""",
    "repeat": """\
once = tf.reduce_mean(loss(**inputs)).numpy()
twice = tf.reduce_mean(loss(**{name: tf.concat([value] * 2, axis=0) for name, value in inputs.items()})).numpy()
print("the samples once:", once, "twice:", twice)
assert np.isclose(once, twice, rtol=1e-3), "the same samples, given twice, give another loss"
""",
    "raises": """\
try:
    value = loss(**inputs)
    assert isinstance(value, tf.Tensor), "the loss gives no number"
except Exception as error:
    raise AssertionError("the loss raises on a batch") from error
""",
    "precise": """\
single = tf.reduce_mean(loss(**inputs)).numpy()
double = tf.reduce_mean(loss(**{name: tf.cast(value, "float64") for name, value in inputs.items()})).numpy()
print("float32:", single, "float64:", double)
assert np.isclose(single, double, rtol=1e-3, atol=0.0), "float32 loses what float64 keeps"
""",
    "weights": """\
before = tf.reduce_mean(loss(**inputs)).numpy()
{name}.set_weights([2 * weight + 0.25 for weight in {name}.get_weights()])
after = tf.reduce_mean(loss(**inputs)).numpy()
print("before:", before, "with other weights:", after)
assert np.isclose(before, after), "the same inputs give another loss"
""",
    "gradient": """\
with tf.GradientTape() as tape:
    tape.watch(inputs)
    value = tf.reduce_mean(loss(**inputs))
gradients = [g for g in tape.gradient(value, list(inputs.values())) if g is not None]
print("gradients:", gradients)
assert any(np.any(g) for g in gradients), "no gradient arrives"
""",
    "": """\
value = loss(**inputs)
print("loss:", value)
raise AssertionError({reason!r})
""",
}


def written(finding: Finding, taken: Slice, moved: Mapping[str, str], folder: Path) -> Path:
    """Write the script of a finding into a folder, and return its path.

    Parameters
    ----------
    taken
        The loss on which it was confirmed.
    moved
        Names that the loss uses and that are elsewhere today.
    """
    words = re.sub(r"\W+", "_", f"{finding.code}_{finding.function or 'module'}_{finding.place.line}").strip("_")
    path = folder / f"{words}.py"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(script(finding, taken, moved), encoding="utf-8")
    return path


def script(finding: Finding, taken: Slice, moved: Mapping[str, str]) -> str:
    """The text of the script."""
    assert finding.verdict is not None and finding.verdict.witness is not None
    witness = finding.verdict.witness
    place = finding.place
    head = f'"""{finding.code} {finding.name}: {place.path}:{place.line}\n\n{finding.verdict.reason}.\n{_assumed(witness)}"""\n'
    names = [f"slice_{number}" if number else "" for number in range(len(taken.pieces))]
    parts = [head, *_imports(taken, moved)]
    for number in reversed(range(1, len(taken.pieces))):
        parts.append(_embedded(taken, number, names))
    parts += _dotted(taken.pieces, names)
    parts.append(_given(taken, taken.pieces[0]) + cut(taken.pieces[0], _called(taken.pieces[0], names)))
    parts.append(_loss(taken))
    parts.append(_batch(witness, taken))
    parts.append(_proof(finding, witness))
    return "\n\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _assumed(witness: Witness) -> str:
    told = [*witness.stand_ins, *witness.guesses]
    return "".join(f"Assumed: {words}.\n" for words in told)


def _imports(taken: Slice, moved: Mapping[str, str]) -> list[str]:
    lines = ["import numpy as np", "import tensorflow as tf"]
    if len(taken.pieces) > 1:
        lines = ["import sys", "import types", "", *lines]
    if taken.numpy:
        lines += ["", "tf.experimental.numpy.experimental_enable_numpy_behavior()"]
    found = ["\n".join(lines)]
    for old, new in moved.items():
        module, _, name = old.rpartition(".")
        today, _, attribute = new.rpartition(".")
        if module and today and name.isidentifier():
            found.append(f"import {module}, {today}\n\n{module}.{name} = {today}.{attribute}  # its name today")
    return found


def _called(piece: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    """The imports of a piece that lead into the project, and the modules that stand for them."""
    return {link: names[number] for link, number in piece["links"].items()}


def _given(taken: Slice, piece: Mapping[str, Any]) -> str:
    """What stands for the names of a module that cannot be computed."""
    lines = [f"{name} = {_value(taken.names[name])}\n" for name in piece["given"]]
    return "".join(["import numpy as np\nimport tensorflow as tf\n\n", *lines]) if lines else ""


def _embedded(taken: Slice, number: int, names: list[str]) -> str:
    """A module of the project as text that is run under a name of its own."""
    piece, name = taken.pieces[number], names[number]
    text = (_given(taken, piece) + cut(piece, _called(piece, names))).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{name} = types.ModuleType("{name}")\nsys.modules["{name}"] = {name}\nexec("""\\\n{text}""", {name}.__dict__)'


def _dotted(pieces: Sequence[Mapping[str, Any]], names: list[str]) -> list[str]:
    """Modules that some piece imports as ``import a.b`` and reads as ``a.b.c``: their packages, made by hand."""
    lines: list[str] = []
    for piece in pieces:
        for link, number in piece["links"].items():
            if (
                "." in link.strip(".")
                and not link.startswith(".")
                and re.search(rf"^\s*import\s+{re.escape(link)}\s*$", piece["text"], re.M)
            ):
                parts = link.split(".")
                for depth in range(1, len(parts)):
                    package = ".".join(parts[:depth])
                    lines.append(f'sys.modules.setdefault("{package}", types.ModuleType("{package}"))')
                lines.append(f'sys.modules["{link}"] = {names[number]}')
                owners = [".".join(parts[:depth]) for depth in range(1, len(parts))]
                for owner, part in zip(owners, parts[1:], strict=True):
                    lines.append(f'sys.modules["{owner}"].{part} = sys.modules["{owner}.{part}"]')
    return ["\n".join(dict.fromkeys(lines))] if lines else []


def _loss(taken: Slice) -> str:
    """How the script comes by the loss; modules of the project that are imported by absolute names are known by these."""
    at, lines = "", list[str]()
    fed = [name for name in taken.call.tensors if name.startswith("self.")]
    for step in taken.call.steps:
        if step["step"] == "name":
            at = step["name"]
        elif step["step"] == "lambda":
            at = LAMBDA
        elif step["step"] == "attribute" and (fed or taken.attributes):
            lines += [f"the_object = {at}", *(f"the_object.{name} = {_value(spec)}" for name, spec in taken.attributes.items())]
            at = f"the_object.{step['name']}"
        elif step["step"] == "attribute":
            at += f".{step['name']}"
        else:
            arguments = ", ".join(f"{name}={_value(spec)}" for name, spec in step["arguments"].items())
            at += f"({arguments})"
    given = [f"{name}={_value(spec)}" for name, spec in taken.call.arguments.items()]
    grouped = {name: parts for name, parts in taken.call.tensors.items() if not isinstance(parts, str)}
    if not given and not grouped and not fed:
        return "\n".join([*lines, f"loss = {at}"])
    lists = [f"{name}=[{', '.join(f'inputs[{part!r}]' for part in parts)}]" for name, parts in grouped.items()]
    single = [name for name, parts in taken.call.tensors.items() if isinstance(parts, str) and name not in fed]
    body = [f"    the_object.{name[5:]} = inputs[{name!r}]" for name in fed]
    body.append(f"    return the_function({', '.join([*(f'{name}=inputs[{name!r}]' for name in single), *lists, *given])})")
    return "\n".join([*lines, f"the_function = {at}", "", "", "def loss(**inputs):", *body])


def _value(spec: Mapping[str, Any]) -> str:
    """An argument as Python."""
    if "value" in spec:
        return repr(spec["value"])
    if "batch_size" in spec:
        return "6"
    if "module" in spec:
        return {"tensorflow": "tf", "numpy": "np", "keras": "tf.keras"}.get(spec["module"], f"tf.{spec['module']}")
    if "mapping" in spec:
        return "{" + ", ".join(f"{key!r}: {_value(part)}" for key, part in spec["mapping"]) + "}"
    if "object" in spec:
        return f"type('', (), {{{', '.join(f'{key!r}: {_value(part)}' for key, part in spec['object'].items())}}})"
    if "list" in spec:
        return f"[{', '.join(map(_value, spec['list']))}]"
    if "matrix" in spec:
        return f"np.array({spec['matrix']}, 'float32')"
    if "tensor" in spec:
        return f"tf.constant(np.random.default_rng(0).uniform(0.05, 0.95, {spec['tensor']['shape']}), 'float32')"
    return STAND_INS[spec["stand_in"]]


def _batch(witness: Witness, taken: Slice) -> str:
    rows = [f"    {name!r}: {_tensor(told)}," for name, told in witness.inputs.items()]
    text = "\n".join(["inputs = {", *rows, "}"])
    if witness.repeat > 1 and witness.repeat <= 2:
        text += f"\ninputs = {{name: tf.concat([value] * {witness.repeat}, axis=0) for name, value in inputs.items()}}"
    return text


def _tensor(told: Mapping[str, Any]) -> str:
    kind = told["dtype"]
    if told["data"] is not None:
        return f"tf.constant({_numbers(told['data'])}, {kind!r})"
    if told.get("fill") is not None:
        return f"tf.fill({told['shape']}, tf.constant({_numbers(told['fill'])}, {kind!r}))"
    return f"tf.constant(np.random.default_rng(0).uniform(0.05, 0.95, {told['shape']}), {kind!r})"


def _numbers(data: Any) -> str:
    if isinstance(data, list):
        return f"[{', '.join(map(_numbers, data))}]"
    text = f"{data:.9g}"
    return f"float({text!r})" if keyword.iskeyword(text) or text.lstrip("-") in ("nan", "inf") else text


def _proof(finding: Finding, witness: Witness) -> str:
    assert finding.verdict is not None
    kind, _, name = witness.proof.partition(":")
    text = PROOFS[kind]
    if kind == "weights":
        return text.replace("{name}", name)
    if not kind:
        return text.replace("{reason!r}", repr(finding.verdict.reason))
    if witness.mode != "eager":
        jit = ", jit_compile=True" if witness.mode == "xla" else ""
        return f"loss = tf.function(loss, autograph=False{jit})\n{text}"
    return text
