"""Which Keras a project uses: read from what it requires, what it has locked, and what a file imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from losslint.config import Settings

Version = tuple[int, ...]

FILES = (
    "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py", "environment.yml", "Pipfile", "uv.lock", "poetry.lock", "Pipfile.lock", ".env",
)  # fmt: skip
LEGACY = re.compile(r"TF_USE_LEGACY_KERAS[\"'\]]*\s*[=,]\s*[\"']?(?:1|True|true)\b")
TWO = re.compile(r"^\s*(?:import|from)\s+(?:[^\n#]*,\s*)?tf_keras\b", re.MULTILINE)
THREE = re.compile(r"keras\.(?<!\wkeras\.)(?:ops|random|tree|quantizers|dtype_policies)\b")
THREE_IMPORTED = re.compile(r"^\s*from\s+(?:tensorflow\.)?keras\s+import\s+\(?[^\n#]*\bops\b", re.MULTILINE)
PACKAGE = r"(?P<package>tensorflow(?:[-_](?:cpu|gpu|macos|intel|rocm|aarch64))?|keras)"
REQUIRED = re.compile(
    rf"(?<![\w.\-/]){PACKAGE}(?:\[[^\]\n]*\])?[\"']?[ \t]*(?:[=:][ \t]*(?:\{{[^}}\n]*version[ \t]*=[ \t]*)?[\"'])?[ \t]*(?P<range>(?:[\^~=<>!]{{1,3}}[ \t]*\d[\w.*]*[ \t]*,?[ \t]*)+)",
    re.IGNORECASE,
)
LOCKED = re.compile(
    rf"name = \"{PACKAGE}\"\s+version = \"(?P<version>[\d.]+)|\"{PACKAGE.replace('package', 'held')}\": {{[^}}]*?\"version\": \"==(?P<pin>[\d.]+)"
)
BOUND = re.compile(r"([\^~=<>!]{1,3})\s*(\d+(?:\.\d+)*)")
FIRST_THREE = {"keras": (3,), "tensorflow": (2, 16)}
FIRST_TWO = {"keras": (2, 4), "tensorflow": (2,)}  # before that Keras 2 ran on several backends, and TensorFlow was another


def in_file(settings: Settings, text: str) -> Settings:
    """The settings for one file: an undecided Keras is the one that the file itself imports or asks for."""
    if settings.keras != "auto":
        return settings
    two = bool(LEGACY.search(text) or ("tf_keras" in text and TWO.search(text)))
    three = bool(THREE.search(text) or ("keras import" in text and THREE_IMPORTED.search(text)))
    return settings if two == three else replace(settings, keras="2" if two else "3")


def required(texts: Iterable[str]) -> str:
    """The generation of Keras that the files of a project agree on: ``2``, ``3``, or ``auto`` where they leave it open.

    Parameters
    ----------
    texts
        The contents of files named in `FILES`.
    """
    found: set[str] = set()
    for text in texts:
        if LEGACY.search(text):
            return "2"
        found.update(filter(None, (_generation(package, low, high) for package, low, high in _ranges(text))))
    return found.pop() if len(found) == 1 else "auto"


def _ranges(text: str) -> Iterator[tuple[str, Version, Version | None]]:
    """Each package that a file asks for, with the lowest version and the first that is too high; None: there is none."""
    for match in LOCKED.finditer(text):
        version = _parsed(match["version"] or match["pin"])
        yield _distribution(match["package"] or match["held"]), version, _next(version, len(version))
    for match in REQUIRED.finditer(text):
        low: Version = ()
        high: Version | None = None
        for sign, number in BOUND.findall(match["range"]):
            version = _parsed(number)
            if sign in (">", ">=", "==", "=", "===", "^", "~", "~="):
                low = max(low, version)
            above = {
                "<": version,
                "<=": _next(version, len(version)),
                "==": _next(version, len(version)),
                "=": _next(version, len(version)),
            }
            above |= {"^": _next(version, 1), "~": _next(version, 2), "~=": _next(version, max(1, len(version) - 1))}
            if sign in above:
                high = above[sign] if high is None else min(high, above[sign])
        yield _distribution(match["package"]), low, high


def _distribution(name: str) -> str:
    return "keras" if name.lower() == "keras" else "tensorflow"


def _parsed(number: str) -> Version:
    return tuple(int(part) for part in number.split(".") if part)


def _next(version: Version, places: int) -> Version:
    """The first version after all that begin with the first places of this one."""
    kept = version[:places]
    return (*kept[:-1], kept[-1] + 1)


def _generation(package: str, low: Version, high: Version | None) -> str | None:
    if low >= FIRST_THREE[package]:
        return "3"
    if high is not None and FIRST_TWO[package] < high <= FIRST_THREE[package]:
        return "2"
    return None
