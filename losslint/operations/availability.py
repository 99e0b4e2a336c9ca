"""Which public names TensorFlow and Keras have, by generation: Keras 2 (with TensorFlow 2.15) or today's."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

GENERATIONS = ("2", "3")
NEVER_LARGER = ("tensorflow.math", "tensorflow.linalg")  # no version of these had names that the table lacks
UNSTABLE = frozenset({"experimental", "python", "contrib", "src", "api", "_api"})


class Table(Struct, frozen=True):
    """The names of each module in each generation, and today's names of functions that have moved."""

    names: dict[str, dict[str, frozenset[str]]]  # generation -> module -> names
    renamed: dict[str, str]


@cache
def table() -> Table:
    """The table, read once."""
    from losslint.operations.public_names import TABLE

    names: dict[str, dict[str, set[str]]] = {generation: {} for generation in GENERATIONS}
    renamed: dict[str, str] = {}
    for line in TABLE.splitlines():
        module, label, *listed = line.split(" ")
        if label == ">":
            renamed[module] = listed[0]
            continue
        for generation in GENERATIONS if label == "=" else (label,):
            names[generation].setdefault(module, set()).update(listed)
    frozen = {generation: {m: frozenset(n) for m, n in of.items()} for generation, of in names.items()}
    return Table(frozen, renamed)


def missing(name: str, keras: str) -> str | None:
    """The shortest part of a full dotted name that a generation does not have, None if it has all or that is not known.

    Parameters
    ----------
    name
        As imported: ``tensorflow.keras.losses.mse``.
    keras
        ``2``, ``3``, or ``auto``: then a name counts as missing only if no version ever had it.
    """
    name = f"keras{name[8:]}" if name.startswith("tf_keras.") else name
    if keras not in GENERATIONS:
        gone = {_missing(name, generation) for generation in GENERATIONS}
        last = name.rpartition(".")[2]
        whole = name.startswith(NEVER_LARGER) and name.count(".") == 2 and name in gone and len(gone) == 1
        return name if whole and not any(last in _version_1(part) for part in NEVER_LARGER) else None
    return _missing(name, keras)


def public(name: str) -> frozenset[str]:
    """The generations in which a full dotted name is known to be public."""
    module, _, last = name.removeprefix("tensorflow.").rpartition(".") if name.startswith("tensorflow.keras") else name.rpartition(".")
    return frozenset(generation for generation in GENERATIONS if last in table().names[generation].get(module, ()))


def only_first(name: str) -> bool:
    """Whether a full dotted name is one of TensorFlow 1's that no later version has."""
    module, _, last = name.rpartition(".")
    if module != "tensorflow" or last not in table().names["3"].get("tensorflow.compat.v1", ()):
        return False
    return all(_missing(name, generation) is not None for generation in GENERATIONS)


def _version_1(module: str) -> frozenset[str]:
    return table().names["3"].get(module.replace("tensorflow.", "tensorflow.compat.v1."), frozenset())


def _missing(name: str, generation: str) -> str | None:
    modules = table().names[generation]
    parts = name.split(".")
    if UNSTABLE & set(parts[1:]) - {"contrib"}:
        return None
    for count in range(1, len(parts)):
        module = ".".join(parts[:count])
        if module not in modules:
            return None
        if parts[count] not in modules[module]:
            return ".".join(parts[: count + 1])
    return None


def today(name: str, keras: str) -> str | None:
    """A name that a generation has for the same function, None if none is known."""
    known = table().renamed.get(name)
    if known is not None and _missing(known, keras if keras in GENERATIONS else "3") is None:
        return known
    module, _, last = name.rpartition(".")
    names = table().names[keras if keras in GENERATIONS else "3"]
    if keras == "3" and module.endswith("keras.backend") and last in names["keras.ops"]:
        return f"keras.ops.{last}"
    return f"{module}.reduce_{last}" if f"reduce_{last}" in names.get(module, ()) else None
