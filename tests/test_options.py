"""Options of rules, and names that the user gives: what they change, where they come from, and what is told of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import losslint, write

from losslint.cache import Cache
from losslint.config import Settings
from losslint.finding import LosslintError
from losslint.options import options
from losslint.rule import load_rules
from losslint.settings import assigned, read_settings

QUARTER = """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / 4
"""
ROWS = """\
import tensorflow as tf
import project

ROWS = 4


def quarter_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / ROWS


def pair_loss(y_true, y_pred):
    pairs = tf.reshape(y_pred, [project.rows, -1])
    return tf.reduce_mean(tf.square(y_true - pairs), axis=-1)


def make(n_rows):
    def made_loss(y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred)) / n_rows

    return made_loss


def given_loss(y_true, y_pred, n_rows):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / n_rows


class Kept(tf.keras.losses.Loss):
    def __init__(self, rows, name="kept"):
        super().__init__(name=name)
        self.rows = rows

    def call(self, y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred)) / self.rows
"""
HALF = """\
import tensorflow as tf


def clipped_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean((1 - y_true) * tf.math.log(1 - p), axis=-1)


def shifted_loss(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(y_pred + 1e-8), axis=-1)


def cast_loss(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(tf.cast(y_pred, tf.float32) + 1e-8), axis=-1)


def kept_loss(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(y_pred + 1e-3), axis=-1)
"""
TERM = """\
import tensorflow as tf


def edge_term(edges):
    return tf.reduce_mean(tf.abs(edges))
"""
PACK = '''\
"""OWN001 no-tanh: a tanh in a loss."""

from typing import Annotated

from losslint.finding import Severity
from losslint.options import Meta, Options
from losslint.rule import Report, Rule


class Allowed(Options, frozen=True):
    """How much of it."""

    most_calls: Annotated[int, Meta(ge=0, description="how many are no problem")] = 0


def check(trace):
    found = [node for node in trace.reached(1) if node.operation == "tanh"]
    for node in found[trace.options(Allowed).most_calls :]:
        yield Report(node, "`tanh`", "write another", (), trace.confidence(node))


RULE = Rule("OWN001", "no-tanh", Severity.WARNING, check, (), (), options=Allowed)
'''


def codes(folder: Path, *arguments: str) -> list[str]:
    """Line and code of each finding of a check."""
    ran = losslint("check", "--no-cache", "--output-format", "concise", *arguments, folder=folder)
    return [f"{line.split(':')[1]} {line.split()[1]}" for line in ran.out.splitlines() if ".py:" in line]


def test_a_smaller_number_may_be_a_batch_size(tmp_path: Path) -> None:
    write(tmp_path, losses=QUARTER)
    assert codes(tmp_path, "losses.py") == ["5 LL101"]
    for word in ("LL103", "fixed-batch-size"):
        (tmp_path / "losslint.toml").write_text(f"[rules.{word}]\nleast = 4\n")
        assert codes(tmp_path, "losses.py") == ["5 LL103"]
    assert codes(tmp_path, "--set", "rules.LL103.least=5", "losses.py") == ["5 LL101"], "the command line comes last"


def test_a_narrower_type_loses_more_guards(tmp_path: Path) -> None:
    write(tmp_path, losses=HALF)
    assert codes(tmp_path, "losses.py") == []
    assert codes(tmp_path, "--set", "rules.LL303.dtype=float16", "losses.py") == ["6 LL303", "10 LL303"]
    assert codes(tmp_path, "--set", "rules.LL303.dtype=bfloat16", "losses.py") == ["6 LL303"]
    losslint("check", "--fix", "--unsafe-fixes", "--set", "rules.LL303.dtype=float16", "losses.py", folder=tmp_path)
    assert "log(tf.maximum(y_pred + 1e-8, 1e-4))" in (tmp_path / "losses.py").read_text()
    assert codes(tmp_path, "--set", "rules.LL303.dtype=float16", "losses.py") == []


@pytest.mark.tensorflow
def test_a_run_in_the_narrower_type_confirms(tmp_path: Path) -> None:
    write(tmp_path, losses=HALF)
    ran = losslint(
        "check", "--confirm", "--no-cache", "--set", "rules.LL303.dtype=float16", "--output-format", "json", ".", folder=tmp_path
    )
    verdicts = [finding["verdict"] for finding in json.loads(ran.out)["findings"]]
    assert [verdict["status"] for verdict in verdicts] == ["confirmed", "confirmed"]
    assert verdicts[0]["witness"]["inputs"]["y_pred"]["dtype"] == "float16"


def test_a_fix_writes_the_number_of_the_project(tmp_path: Path) -> None:
    write(tmp_path, losses=HALF.replace("y_pred + 1e-3", "y_pred"))
    (tmp_path / "losslint.toml").write_text("[rules.unguarded-log]\nepsilon = 1e-5\n")
    losslint("check", "--fix", "losses.py", folder=tmp_path)
    assert "log(tf.maximum(y_pred, 1e-5))" in (tmp_path / "losses.py").read_text()


def test_names_of_the_batch_size(tmp_path: Path) -> None:
    write(tmp_path, losses=ROWS)
    assert not any("LL103" in found for found in codes(tmp_path, "losses.py"))
    names = 'batch-size-names=["rows", "ROWS", "n_*"]'
    lines = [found.removesuffix(" LL103") for found in codes(tmp_path, "--set", names, "losses.py") if "LL103" in found]
    assert lines == ["8", "12", "18", "24", "33"]


def test_names_of_losses(tmp_path: Path) -> None:
    write(tmp_path, losses=TERM)
    assert losslint("losses", "losses.py", folder=tmp_path).out == ""
    assert "why: the settings name it" in losslint("losses", "--set", 'loss-names=["*_term"]', "losses.py", folder=tmp_path).out
    (tmp_path / "losslint.toml").write_text('loss-names = ["edge_*"]\n')
    summary = json.loads(losslint("check", "--output-format", "json", ".", folder=tmp_path).out)["summary"]
    assert summary["losses"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# here\n[rules.LL103]\n\nlest = 4\n", "losslint.toml:4: rules.LL103.lest: there is no option `lest`; did you mean `least`?"),
        ("rules.LL103.least = 1", "losslint.toml:1: rules.LL103.least: 1 is not valid: expected `int` >= 2"),
        ('[rules]\nLL103 = { least = "four" }', "losslint.toml:2: rules.LL103.least: 'four' is not valid: expected `int`, got `str`"),
        ('[rules.LL303]\ndtype = "float8"', "losslint.toml:2: rules.LL303.dtype: 'float8' is not valid; did you mean `float"),
        ("[rules.fixed-batch-sise]\nleast = 4", "losslint.toml:2: unknown rule `fixed-batch-sise`; did you mean `fixed-batch-size`?"),
        ("[rules.LL101]\nleast = 4", "losslint.toml:2: the rule `LL101` has no options; those that have are fixed-batch-size "),
        ("rules = 4", "losslint.toml:1: rules must be a table"),
        ("[rules]\nLL103 = 4", "losslint.toml:2: rules of 'LL103' must be a table of options, not 4"),
        ('xla = "on"\nselect = [\n  "LL1",\n  "LL9",\n]', "losslint.toml:2: unknown rule `LL9`"),
        ('[severity]\nLL101 = "info"\nLL102 = "bad"', "losslint.toml:3: severity of 'LL102' = 'bad' is not valid"),
        ('[per-file-ignores]\n"a.py" = ["batch-summ"]', "losslint.toml:2: unknown rule `batch-summ`; did you mean `batch-sum`?"),
    ],
)
def test_mistakes_name_the_file_the_line_and_the_nearest_name(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, losses=QUARTER)
    (tmp_path / "losslint.toml").write_text(text)
    for command in ("check", "settings"):
        ran = losslint(command, ".", folder=tmp_path)
        assert ran.status == 2 and says in ran.err, ran.err


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("xla", "--set xla: give KEY=VALUE"),
        ("xal=on", "--set: unknown key `xal`; did you mean `xla`?"),
        ("xla=maybe", "--set: xla = 'maybe' is not valid; it is one of on off"),
        ("rules.LL103.lest=4", "--set: rules.LL103.lest: there is no option `lest`; did you mean `least`?"),
        ("extend=base.toml", "--config names the settings file"),
        ("a b=1", "`a b` is no key"),
    ],
)
def test_mistakes_of_the_command_line(tmp_path: Path, word: str, says: str) -> None:
    write(tmp_path, losses=QUARTER)
    ran = losslint("check", "--set", word, "losses.py", folder=tmp_path)
    assert ran.status == 2 and says in ran.err, ran.err


def test_the_settings_of_a_folder_below_are_set_too_and_their_mistakes_told(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path / "inner", losses=QUARTER)
    (tmp_path / "inner" / "losslint.toml").write_text("[rules.LL103]\nleast = 3\n")
    assert codes(tmp_path, ".") == ["5 LL103"]
    assert codes(tmp_path, "--set", "rules.LL103.least=9", ".") == ["5 LL101"]
    (tmp_path / "inner" / "losslint.toml").write_text("[rules.LL103]\nleest = 3\n")
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.status == 2 and "losslint.toml:2: rules.LL103.leest: there is no option `leest`" in ran.err


def test_options_of_an_extended_file_hold_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('[rules.LL303]\ndtype = "float16"\n[rules.LL103]\nleast = 4\n')
    (tmp_path / "losslint.toml").write_text('extend = "base.toml"\n[rules.fixed-batch-size]\nleast = 16\n')
    out = losslint("settings", "--set", "severity.LL101=info", folder=tmp_path).out
    assert f"rules.fixed-batch-size.least = 16  # {tmp_path / 'losslint.toml'}\n" in out
    assert f'rules.rounded-away-guard.dtype = "float16"  # {tmp_path / "base.toml"}\n' in out
    assert "rules.unguarded-log.epsilon = 1e-07  # default\n" in out
    assert 'severity = {"LL101": "info"}  # --set\n' in out
    again = losslint("settings", "--set", "rules.LL103.least=9", folder=tmp_path).out
    assert "rules.fixed-batch-size.least = 9  # --set\n" in again


def test_what_the_command_line_sets_in_a_table_is_added_to_it() -> None:
    given = assigned(["severity.LL101=info", "severity.LL102=error", "keras=3", "xla=off"])
    assert given == {"severity": {"LL101": "info", "LL102": "error"}, "keras": "3", "xla": "off"}


def test_the_line_of_a_key_of_a_shared_file(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[project]\r\nname = "x"\r\n[tool.losslint]\r\n# xla\r\n\r\nxla = "no"\r\n')
    with pytest.raises(LosslintError, match=r"pyproject.toml:6: xla = 'no' is not valid"):
        read_settings(path)


def test_the_page_of_a_rule_tells_its_options(tmp_path: Path) -> None:
    page = losslint("rule", "LL103", folder=tmp_path).out
    assert page.endswith(
        "## Options\n\nIn the settings, under `[rules.fixed-batch-size]`:\n\n* `least`: the least written number that is taken for a "
        "batch size; a smaller divisor is a weight. Default: `8`.\n"
    )
    assert "## Options" not in losslint("rule", "LL101", folder=tmp_path).out


def test_every_option_says_what_it_does() -> None:
    found = [option for rule in load_rules() if rule.options is not None for option in options(rule.options)]
    assert found and all(option.about and not option.about.endswith(".") for option in found)


def test_a_rule_of_a_pack_has_options_too(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    write(tmp_path / "pack", __init__="", no_tanh=PACK)
    write(tmp_path, losses=QUARTER.replace("reduce_sum", "reduce_mean").replace("square", "tanh"))
    (tmp_path / "losslint.toml").write_text('packs = ["./pack"]\n')
    local = ("--allow-local-packs", "losses.py")
    assert codes(tmp_path, *local) == ["5 OWN001"]
    assert codes(tmp_path, "--set", "rules.no-tanh.most-calls=1", *local) == []
    assert "rules.no-tanh.most-calls = 0  # default" in losslint("settings", "--allow-local-packs", folder=tmp_path).out
    schema = json.loads(losslint("settings", "--schema", "--allow-local-packs", folder=tmp_path).out)
    assert schema["properties"]["rules"]["properties"]["OWN001"]["properties"]["most-calls"]["minimum"] == 0
    ran = losslint("check", "--set", "rules.OWN001.most-call=1", *local, folder=tmp_path)
    assert ran.status == 2 and "did you mean `most-calls`?" in ran.err


def test_results_of_other_options_are_not_used(tmp_path: Path) -> None:
    kept = {Cache.open(tmp_path, Settings(rules={"LL103": {"least": least}}), "").file for least in (4, 5)}
    assert len(kept) == 2
