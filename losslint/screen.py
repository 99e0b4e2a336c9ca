"""Which files can hold no loss, told from their bytes: most files of a big tree are done without being parsed.

Each test here is a weaker form of one that `losslint.losses.find` makes of the tree, so a file in which it finds something
passes. One test is made of the bytes alone: the weakest evidence, two tensors and a reduction, counts only in a file that
says some word of losses. Patterns begin with a literal: Python's regular expressions search for that ten times as fast as for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from losslint.config import fits
from losslint.losses import (
    BUILDER,
    FOREIGN,
    HINTS,
    LOSS_KEYWORDS,
    LOSS_WORDS,
    OWN_REDUCTIONS,
    PREDICTION_PARAMETER,
    REDUCTIONS,
    SCORE_WORDS,
    SINKS,
    VALUE_WORDS,
)
from losslint.notebooks import ENDING

FRAMEWORK_WORDS = (b"tensorflow", b"keras")
VALUE_STEMS = (b"loss", b"cost", b"entropy", b"error", b"objective", b"nll", b"elbo", b"likelihood", b"penalty", b"xent")
LOSS_STEMS = (*(stem for stem in VALUE_STEMS if stem != b"error"), b"divergence", b"y_pred", b"y_true", b"y_hat", b"yhat", b"logit")
PREDICTION_STEMS = (b"pred", b"logit", b"hat")
QUOTES = b'"""'
NAME_SIGNS = b"abcdefghijklmnopqrstuvwxyz0123456789_"

Words = frozenset[bytes]


def _encoded(words: Iterable[str]) -> Words:
    return frozenset(word.encode() for word in words)


def _same(pattern: re.Pattern[str]) -> re.Pattern[bytes]:
    return re.compile(pattern.pattern.encode())


def _stems(words: frozenset[str]) -> list[bytes]:
    """The words of which none other is the beginning."""
    return [word.encode() for word in sorted(words) if not any(word != other and word.startswith(other) for other in words)]


def _bare_call(word: bytes) -> re.Pattern[bytes]:
    """A call of a function by its bare name: the looks back come late, so that the pattern begins with a literal."""
    return re.compile(word + rb"(?<![\w.]" + word + rb")(?<!def " + word + rb")\s*+\(")


def _assignment(stem: bytes) -> re.Pattern[bytes]:
    """A name, from a part of it on, and what follows it up to the sign that makes it a target."""
    targets = rb"(?:[ \t]*(?:,\s*+|[)\]])[\w.*\[( \t]*+)*+"
    return re.compile(rb"(" + stem + rb"\w*+)(?=(" + targets + rb"\s*+(?::[^=\n()]*+)?[-+*/@%&|^]{0,2}=(?!=)|[ \t,\w.*)\]]*\bin\b))")


SINK_CALLS, COMPUTING_CALLS, REDUCING_CALLS = map(_encoded, (SINKS, HINTS | REDUCTIONS, REDUCTIONS))
TENSOR_REDUCTIONS = _encoded(REDUCTIONS - OWN_REDUCTIONS)
BARE = {word: _bare_call(word) for word in SINK_CALLS | COMPUTING_CALLS}
METHOD = re.compile(rb"\.(\w++)\s*+\(")
ASSIGNMENTS = {stem: _assignment(stem) for stem in VALUE_STEMS}
REDUCTION = re.compile(rb"\.(?:" + b"|".join(sorted(REDUCING_CALLS)) + rb")\s*+\(")
OWN = b"losslint: ignore"
FOREIGN_IMPORT = re.compile(rb"import\s++(" + b"|".join(sorted(_encoded(FOREIGN))) + rb")(?:[.\w]*+\s++as\s++(\w++))?")
LONGEST_OWNER = 40
LOSS_CLASS = re.compile(rb"class\s++(?:\w*loss\b|\w++\s*+\([^)]*loss)")
FUNCTION = re.compile(rb"def\s++(\w++)\s*+\(")
PREDICTION, LOSS_NAME, VALUE, SCORE_NAME, BUILDER_NAME = map(_same, (PREDICTION_PARAMETER, LOSS_WORDS, VALUE_WORDS, SCORE_WORDS, BUILDER))
PASSED = [re.compile(stem + rb"\w*+\s*+=\s*+([\w.]++|.)") for stem in _stems(LOSS_KEYWORDS)]
CROSSENTROPY = b"rossentropy"
COMPILE = re.compile(rb"\.compile\s*+\(")
PARENTHESIS = re.compile(rb"[()]")
WORD = re.compile(rb"\w++")


def worth_reading(data: bytes, path: str, names: Sequence[str] = ()) -> bool:
    """Whether a file may hold a loss; a notebook is told by the words alone, its code stands in strings."""
    return any(word in data for word in FRAMEWORK_WORDS) if path.endswith(ENDING) else may_hold_loss(data, names)


def may_hold_loss(data: bytes, names: Sequence[str] = ()) -> bool:
    """Whether a file may hold a loss: it names a framework, and something that `losslint.losses.find` looks for.

    Parameters
    ----------
    data
        The bytes of the file, in any encoding that keeps ASCII.
    names
        Patterns of the names of functions that the user says are losses.
    """
    if not any(word in data for word in FRAMEWORK_WORDS):
        return False
    if OWN in data:
        return True  # its comments are read where there is no loss any more, too
    if names and any(fits(name.decode(errors="replace"), names) for name in FUNCTION.findall(data)):
        return True
    text = _code(data.lower().replace(b"\r\n", b"\n")).replace(b"\\\n", b"  ")
    methods = frozenset(METHOD.findall(text))
    return (
        _called(SINK_CALLS, methods, text)
        or (b"compile" in methods and b"rossentropy" in text)
        or LOSS_CLASS.search(text) is not None
        or (_assigns(text) and _called(COMPUTING_CALLS, methods, text))
        or _defines(text, methods)
        or (b"compile" in methods and CROSSENTROPY in text)
    )


def _code(text: bytes) -> bytes:
    """A text without what stands in triple quotes; the whole of it where another string or a comment may hold such quotes."""
    pieces = text.split(QUOTES)
    if len(pieces) % 2 == 0 or b"'''" in text:
        return text
    for outside, inside in zip(pieces[::2], pieces[1::2], strict=False):
        line = outside[outside.rfind(b"\n") + 1 :]
        if b"'" in line or b'"' in line or b"#" in line or inside.endswith(b"\\"):
            return text
    return QUOTES.join(pieces[::2])


def _called(words: Words, methods: Words, text: bytes) -> bool:
    """Whether one of these functions is called, as an attribute or by its bare name."""
    return not words.isdisjoint(methods) or any(BARE[word].search(text) for word in words)


def _assigns(text: bytes) -> bool:
    """Whether a loss-like name may be assigned; a keyword argument may too, unless it stands in open parentheses of its line."""
    for stem, assignment in ASSIGNMENTS.items():
        for found in assignment.finditer(text) if stem in text else ():
            line = text[text.rfind(b"\n", 0, found.start()) + 1 : found.start()]
            before, after = line.rstrip(NAME_SIGNS), found[2]
            if after.endswith(b"in"):
                target = b"for" in before
            else:
                target = before.count(b"(") <= before.count(b")") or b")" in after or after.endswith(b":=")
            if target and VALUE.search(line[len(before) :] + found[1]):
                return True
    return False


def _defines(text: bytes, methods: Words) -> bool:
    """Whether a function is named, is used, or takes parameters as losses do."""
    predicts = any(stem in text for stem in PREDICTION_STEMS)
    names: set[bytes] = set()
    pairs = False
    for head in FUNCTION.finditer(text):
        name, inside = head[1], _inside(text, head.end())
        names.add(name)
        if LOSS_NAME.search(name) and not BUILDER_NAME.search(name):
            return True
        score = SCORE_NAME.search(name)
        if (score or not pairs) and sum(b"=" not in parameter for parameter in _parameters(inside)) >= 2:
            if score:
                return True
            pairs = True
        if predicts and any(stem in inside for stem in PREDICTION_STEMS) and any(map(PREDICTION.search, map(_name, _parameters(inside)))):
            return True
    return _passes(names, text) or (pairs and _reduces(text, methods) and any(stem in text for stem in LOSS_STEMS))


def _reduces(text: bytes, methods: Words) -> bool:
    """Whether a reduction that is not numpy's, or a loss by its full name, may be called."""
    if b"losses." in text or any(BARE[word].search(text) for word in TENSOR_REDUCTIONS):
        return True
    if REDUCING_CALLS.isdisjoint(methods):
        return False
    foreign = {name or module for module, name in FOREIGN_IMPORT.findall(text)}
    for found in REDUCTION.finditer(text):
        owner = text[max(0, found.start() - LONGEST_OWNER) : found.start()]
        if owner[len(owner.rstrip(NAME_SIGNS + b".")) :].partition(b".")[0] not in foreign:
            return True
    return False


def _inside(text: bytes, start: int) -> bytes:
    """What stands between an opening parenthesis and its closing one."""
    depth = 1
    for sign in PARENTHESIS.finditer(text, start):
        depth += 1 if sign[0] == b"(" else -1
        if not depth:
            return text[start : sign.start()]
    return text[start:]


def _parameters(inside: bytes) -> Iterator[bytes]:
    """The parameters, with annotations and defaults, without `self` and stars."""
    for part in inside.split(b","):
        parameter = part.strip()
        if parameter and not parameter.startswith((b"*", b"/")) and parameter not in (b"self", b"cls"):
            yield parameter


def _name(parameter: bytes) -> bytes:
    return parameter.partition(b"=")[0].partition(b":")[0].strip()


def _passes(names: set[bytes], text: bytes) -> bool:
    """Whether a function of the file may be given to training."""
    for pattern in PASSED:
        for value in pattern.findall(text):
            if value in (b"[", b"{", b"(", b"lambda") or value.rpartition(b".")[2] in names:
                return True
    given = (WORD.findall(_inside(text, call.end()).partition(b",")[2]) for call in COMPILE.finditer(text))
    return any(word in names or word == b"lambda" for words in given for word in words)
