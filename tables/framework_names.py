"""Writes the table of public names that `missing-api` reads, from the real packages.

One run in an environment of each generation collects what is there, a third one joins the two:

    python tables/framework_names.py collect > two.json      # tensorflow 2.15 with keras 2.15
    python tables/framework_names.py collect > three.json    # today's tensorflow and keras
    python tables/framework_names.py join two.json three.json > losslint/operations/public_names.py
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

TENSORFLOW = [
    "math",
    "nn",
    "linalg",
    "random",
    "image",
    "losses",
    "metrics",
    "signal",
    "sparse",
    "ragged",
    "strings",
    "debugging",
    "nest",
    "distribute",
    "compat",
    "compat.v1",
]
VERSION_1 = "compat.v1." + " compat.v1.".join(
    ["math", "nn", "linalg", "random", "losses", "metrics", "layers", "train", "distributions", "image"]
)
KERAS = [
    "losses",
    "metrics",
    "backend",
    "activations",
    "layers",
    "utils",
    "ops",
    "random",
    "regularizers",
    "initializers",
    "optimizers",
    "models",
    "constraints",
    "callbacks",
    "saving",
    "config",
]
Names = dict[str, list[str]]


def modules() -> Iterator[tuple[str, ModuleType]]:
    """The modules whose names a loss may use, by the path under which a program reaches them."""
    tensorflow, keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
    yield "tensorflow", tensorflow
    yield from _inside("tensorflow", tensorflow, (*TENSORFLOW, *VERSION_1.split(), "keras"))
    yield from _inside("tensorflow.keras", tensorflow.keras, KERAS)
    yield "keras", keras
    yield from _inside("keras", keras, KERAS)


def _inside(path: str, module: Any, names: Iterable[str]) -> Iterator[tuple[str, ModuleType]]:
    for name in names:
        held: Any = module
        for part in name.split("."):
            held = _held(held, part)
        if held is not None:
            yield f"{path}.{name}", held


def _held(module: Any, name: str) -> Any:
    """What a module holds under a name; None for a name that is listed and cannot be had: it is loaded when asked for."""
    try:
        held = getattr(module, name)
        dir(held)
    except (AttributeError, ImportError):
        return None
    return held


def collect() -> dict[str, Any]:
    """The public names of each module, those that mean the same object, and the versions of the packages."""
    names: Names = {}
    same: dict[int, list[str]] = {}
    for path, module in modules():
        members = {name: held for name in sorted(dir(module)) if not name.startswith("_") and (held := _held(module, name)) is not None}
        names[path] = list(members)
        for name, held in members.items():
            if callable(held):
                same.setdefault(id(held), []).append(f"{path}.{name}")
    versions = {name: importlib.import_module(name).__version__ for name in ("tensorflow", "keras")}
    return {"versions": versions, "names": names, "same": [paths for paths in same.values() if len(paths) > 1]}


def join(two: dict[str, Any], three: dict[str, Any]) -> str:
    """The module that losslint ships."""
    lines: list[str] = []
    old, new = two["names"], three["names"]
    for module in sorted(old.keys() | new.keys()):
        before, after = set(old.get(module, ())), set(new.get(module, ()))
        for label, group in (("=", before & after), ("2", before - after), ("3", after - before)):
            if group or (label == "=" and module in old and module in new):
                lines.append(f"{module} {label} {' '.join(sorted(group))}".rstrip())
    lines += [f"{a} > {b}" for a, b in sorted(renamed(two, three).items())]
    told = "; ".join(f"tensorflow {v['tensorflow']} with keras {v['keras']}" for v in (two["versions"], three["versions"]))
    return (
        f'"""The public names of TensorFlow and Keras, written by tables/framework_names.py from {told}."""\n\nTABLE = """\\\n'
        + "\n".join(lines)
        + '\n"""\n'
    )


def renamed(two: dict[str, Any], three: dict[str, Any]) -> dict[str, str]:
    """Names that are gone, or were already in TensorFlow 2, each with a name of the same function that is there today."""
    there = {f"{module}.{name}" for module, names in three["names"].items() for name in names}
    found: dict[str, str] = {}
    for paths in (*two["same"], *three["same"]):
        today = sorted((p for p in paths if p in there and ".compat." not in p), key=lambda p: (p.count("."), len(p)))
        for path in paths if today else ():
            for spelt in {path, path.replace("tensorflow.compat.v1.", "tensorflow.", 1)} - there:
                near = [p for p in today if p.partition(".")[0] == spelt.partition(".")[0] and ("keras" in p) == ("keras" in spelt)]
                if near:
                    found.setdefault(spelt, near[0])
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["collect"]:
        json.dump(collect(), sys.stdout)
    else:
        sys.stdout.write(join(*(json.loads(Path(path).read_text()) for path in sys.argv[2:4])))
