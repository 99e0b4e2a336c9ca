"""What a person and a program see, whole."""

from __future__ import annotations

import json

from inline_snapshot import snapshot

from losslint.finding import Confidence, Edit, Failure, Finding, Fix, Incomplete, Place, Result, Severity, Verdict, Witness
from losslint.pipeline import Outcome
from losslint.report import complaints, render
from losslint.report.style import Style

PATH = "pkg/losses.py"
TEXT = (
    "import tensorflow as tf",
    "",
    "",
    "def cross_entropy(y_true, y_pred):",
    "    p = y_pred + 1e-9",
    "    return -tf.reduce_mean(y_true * tf.math.log(p))",
    "",
    "",
    "def both(y_true, y_pred):",
    "\tlosses = tf.stack([tf.reduce_mean(y_true * y_pred), tf.reduce_sum(y_true - y_pred), tf.reduce_sum(y_true * tf.abs(y_pred))])",
    '    名前 = "損失"; return tf.math.log(y_pred)  # 対数',
    "    return tf.reduce_sum(",
    "        tf.square(",
    "            y_true - y_pred,",
    "        ),",
    "    )",
    "    text = 'a\x1b[31mb\x0c'; tf.math.log(y_pred)",
)


def finding(place: Place, *, related: tuple[Place, ...] = (), confidence: Confidence = Confidence.HIGH, **changes: object) -> Finding:
    told = {
        "message": "`p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is infinite then, and its gradient NaN",
        "help": "use a guard that survives, such as `tf.maximum(p, 1e-7)`",
        "severity": Severity.ERROR,
    }
    return Finding("LL303", "rounded-away-guard", place, "cross_entropy", confidence=confidence, related=related, **(told | changes))  # type: ignore[arg-type]


def shown(*findings: Finding, form: str = "text", style: Style | None = None, **counts: object) -> str:
    result = Result(findings, **({"files": 1, "losses": 2} | counts))  # type: ignore[arg-type]
    return render(Outcome(result, text={PATH: TEXT}), form, style or Style())


LOG = finding(Place(PATH, 6, 37, 6, 51), related=(Place(PATH, 5, 9, 5, 22, "the guard that float32 rounds away"),))


def test_text() -> None:
    assert shown(LOG) == snapshot("""\
pkg/losses.py:6:37 LL303 rounded-away-guard (error)
  `p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is
  infinite then, and its gradient NaN
   6 |     return -tf.reduce_mean(y_true * tf.math.log(p))
     |                                     ^^^^^^^^^^^^^^
  pkg/losses.py:5:9 the guard that float32 rounds away
   5 |     p = y_pred + 1e-9
     |         -------------
  help: use a guard that survives, such as `tf.maximum(p, 1e-7)`

Found 1 problem in 1 file (1 error); 1 file, 2 losses checked.
""")


def test_a_region_of_several_lines() -> None:
    assert shown(finding(Place(PATH, 12, 12, 16, 6), confidence=Confidence.MEDIUM, severity=Severity.WARNING)) == snapshot("""\
pkg/losses.py:12:12 LL303 rounded-away-guard (warning, medium confidence)
  `p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is
  infinite then, and its gradient NaN
  12 |     return tf.reduce_sum(
     |            ^^^^^^^^^^^^^^
  13 |         tf.square(
     |         ^^^^^^^^^^
  14 |             y_true - y_pred,
     |             ^^^^^^^^^^^^^^^^
  15 |         ),
     |         ^^
  16 |     )
     |     ^
  help: use a guard that survives, such as `tf.maximum(p, 1e-7)`

Found 1 problem in 1 file (1 warning); 1 file, 2 losses checked.
""")


def test_a_region_of_many_lines_is_cut() -> None:
    assert shown(finding(Place(PATH, 4, 1, 16, 6), message="long", help="")) == snapshot("""\
pkg/losses.py:4:1 LL303 rounded-away-guard (error)
  long
   4 | def cross_entropy(y_true, y_pred):
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   5 |     p = y_pred + 1e-9
     |     ^^^^^^^^^^^^^^^^^
   6 |     return -tf.reduce_mean(y_true * tf.math.log(p))
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   … | and 8 more lines

Found 1 problem in 1 file (1 error); 1 file, 2 losses checked.
""")


def test_a_long_line_is_cut_around_the_region() -> None:
    first, middle, last = (finding(Place(PATH, 10, a, 10, b), message="here", help="") for a, b in ((20, 51), (53, 84), (86, 125)))
    assert shown(first, middle, last) == snapshot("""\
pkg/losses.py:10:20 LL303 rounded-away-guard (error)
  here
  10 |     losses = tf.stack([tf.reduce_mean(y_true * y_pred), tf.reduce_sum(y_…
     |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

pkg/losses.py:10:53 LL303 rounded-away-guard (error)
  here
  10 | …an(y_true * y_pred), tf.reduce_sum(y_true - y_pred), tf.reduce_sum(y_tr…
     |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

pkg/losses.py:10:86 LL303 rounded-away-guard (error)
  here
  10 | …true - y_pred), tf.reduce_sum(y_true * tf.abs(y_pred))])
     |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

Found 3 problems in 1 file (3 errors); 1 file, 2 losses checked.
""")


def test_a_region_longer_than_the_line_is_cut_at_its_end() -> None:
    assert shown(finding(Place(PATH, 10, 11, 10, 126), message="here", help="")) == snapshot("""\
pkg/losses.py:10:11 LL303 rounded-away-guard (error)
  here
  10 | …osses = tf.stack([tf.reduce_mean(y_true * y_pred), tf.reduce_sum(y_true…
     |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

Found 1 problem in 1 file (1 error); 1 file, 2 losses checked.
""")


def test_wide_characters_and_control_characters() -> None:
    wide, control = (finding(Place(PATH, line, a, line, b), message="ここ", help="") for line, a, b in ((11, 22, 41), (17, 24, 43)))
    assert shown(wide, control) == snapshot("""\
pkg/losses.py:11:22 LL303 rounded-away-guard (error)
  ここ
  11 |     名前 = "損失"; return tf.math.log(y_pred)  # 対数
     |                          ^^^^^^^^^^^^^^^^^^^

pkg/losses.py:17:24 LL303 rounded-away-guard (error)
  ここ
  17 |     text = 'a·[31mb·'; tf.math.log(y_pred)
     |                        ^^^^^^^^^^^^^^^^^^^

Found 2 problems in 1 file (2 errors); 1 file, 2 losses checked.
""")


def test_places_that_are_gone_have_no_excerpt() -> None:
    assert shown(finding(Place("gone.py", 3, 1, 3, 5), message="gone", help="")) == snapshot("""\
gone.py:3:1 LL303 rounded-away-guard (error)
  gone

Found 1 problem in 1 file (1 error); 1 file, 2 losses checked.
""")


def test_nothing_found() -> None:
    assert shown() == snapshot("No problems found in 1 file, 2 losses.\n")


def test_summary_tells_all() -> None:
    assert shown(
        finding(Place("gone.py", 3, 1, 3, 5), message="gone", help=""),
        finding(Place("gone.py", 4, 1, 4, 5), message="gone", help="", severity=Severity.WARNING),
        finding(Place(PATH, 40, 1, 40, 5), message="gone", help="", severity=Severity.WARNING),
        finding(Place(PATH, 50, 1, 50, 5), message="gone", help="", severity=Severity.INFO),
        style=Style(width=60),
        suppressed=2,
        incomplete=(Incomplete(PATH, 9, "both", "a call that is not known"),),
        failures=(Failure("bad.py", 3, "syntax error"),),
    ) == snapshot("""\
gone.py:3:1 LL303 rounded-away-guard (error)
  gone

gone.py:4:1 LL303 rounded-away-guard (warning)
  gone

pkg/losses.py:40:1 LL303 rounded-away-guard (warning)
  gone

pkg/losses.py:50:1 LL303 rounded-away-guard (info)
  gone

Found 4 problems in 2 files (1 error, 2 warnings, 1 info); 1
file, 2 losses checked; 2 suppressed; 1 loss not followed to
the end; 1 error.
""")


def test_colours_surround_what_is_there_without_them() -> None:
    coloured = shown(LOG, style=Style(colour=True))
    assert "\x1b[1;31mLL303\x1b[0m" in coloured
    plain = coloured
    for code in ("0", "1", "2", "32", "1;31", "1;36"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == shown(LOG)


def test_no_line_is_wider_than_asked() -> None:
    for line in shown(LOG, finding(Place(PATH, 10, 53, 10, 84)), style=Style(width=60)).splitlines():
        assert len(line) <= 60


def test_concise() -> None:
    assert shown(LOG, form="concise") == snapshot("""\
pkg/losses.py:6:37: LL303 rounded-away-guard `p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is infinite then, and its gradient NaN
Found 1 problem in 1 file (1 error); 1 file, 2 losses checked.
""")


def test_github_escapes() -> None:
    odd = finding(Place("a,b:c%.py", 1, 2, 3, 4), message="100 %\nof it", help="", severity=Severity.INFO)
    failure = Failure("bad.py", 3, "syntax error")
    assert shown(LOG, odd, form="github", failures=(failure, Failure("gone.py", None, "no such file"))) == snapshot("""\
::error file=bad.py,line=3,title=losslint::syntax error
::error file=gone.py,title=losslint::no such file
::error file=pkg/losses.py,line=6,col=37,endLine=6,endColumn=51,title=LL303 rounded-away-guard::`p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is infinite then, and its gradient NaN help: use a guard that survives, such as `tf.maximum(p, 1e-7)`
::notice file=a%2Cb%3Ac%25.py,line=1,col=2,endLine=3,endColumn=4,title=LL303 rounded-away-guard::100 %25%0Aof it
""")


def test_json() -> None:
    fix = Fix("safe", "use log1p", (Edit(6, 37, 6, 51, "tf.math.log1p(x)"),), None)
    inputs = {"y_pred": {"shape": [2], "dtype": "float32", "data": [0.0, 0.5]}}
    witness = Witness("xla", "float32", 0, "box", inputs, float("inf"), [float("nan"), -float("inf")], "a finite number", "`p` is 0")
    verdict = Verdict("confirmed", "it is infinite", witness)
    text = shown(finding(Place(PATH, 6, 37, 6, 51), fix=fix, verdict=verdict), LOG, form="json", failures=(Failure("bad.py", None, "no"),))
    assert json.loads(text) == snapshot(
        {
            "version": 1,
            "tool": {"name": "losslint", "version": "0.1.0"},
            "findings": [
                {
                    "code": "LL303",
                    "name": "rounded-away-guard",
                    "path": "pkg/losses.py",
                    "cell": None,
                    "line": 6,
                    "column": 37,
                    "end_line": 6,
                    "end_column": 51,
                    "function": "cross_entropy",
                    "message": "`p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is infinite then, and its gradient NaN",
                    "help": "use a guard that survives, such as `tf.maximum(p, 1e-7)`",
                    "severity": "error",
                    "confidence": "high",
                    "related": [],
                    "fix": {
                        "safety": "safe",
                        "message": "use log1p",
                        "edits": [{"line": 6, "column": 37, "end_line": 6, "end_column": 51, "text": "tf.math.log1p(x)"}],
                        "verified": None,
                    },
                    "verdict": {
                        "status": "confirmed",
                        "reason": "it is infinite",
                        "witness": {
                            "mode": "xla",
                            "dtype": "float32",
                            "seed": 0,
                            "domain": "box",
                            "inputs": {"y_pred": {"shape": [2], "dtype": "float32", "data": [0.0, 0.5]}},
                            "value": "inf",
                            "gradient": ["nan", "-inf"],
                            "expected": "a finite number",
                            "seen": "`p` is 0",
                            "stand_ins": [],
                            "guesses": [],
                            "repeat": 1,
                            "words": "",
                            "proof": "",
                            "moved": {},
                        },
                    },
                    "fingerprint": "c0c69376f8fbc2ed",
                },
                {
                    "code": "LL303",
                    "name": "rounded-away-guard",
                    "path": "pkg/losses.py",
                    "cell": None,
                    "line": 6,
                    "column": 37,
                    "end_line": 6,
                    "end_column": 51,
                    "function": "cross_entropy",
                    "message": "`p` can be 0, because float32 rounds `1e-9` away beside 1: the loss is infinite then, and its gradient NaN",
                    "help": "use a guard that survives, such as `tf.maximum(p, 1e-7)`",
                    "severity": "error",
                    "confidence": "high",
                    "related": [
                        {
                            "path": "pkg/losses.py",
                            "line": 5,
                            "column": 9,
                            "end_line": 5,
                            "end_column": 22,
                            "message": "the guard that float32 rounds away",
                        }
                    ],
                    "fix": None,
                    "verdict": None,
                    "fingerprint": "c0c69376f8fbc2ed",
                },
            ],
            "errors": [{"path": "bad.py", "line": None, "message": "no"}],
            "summary": {"files": 1, "losses": 2, "findings": 2, "suppressed": 0, "incomplete": []},
        }
    )


def test_what_goes_to_standard_error() -> None:
    outcome = Outcome(Result(failures=(Failure("bad.py", 3, "no"), Failure("gone.py", None, "gone"))), notes=("a note",))
    assert complaints(outcome, "text") == ["note: a note", "error: bad.py:3: no", "error: gone.py: gone"]
    assert complaints(outcome, "json") == ["note: a note"]
