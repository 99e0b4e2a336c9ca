"""The command line: options, exit status, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import CLEAN, SUMMED, losslint, write

from losslint import __version__, pipeline

PACK = """\
from losslint.finding import Severity
from losslint.rule import Report, Rule


def check(trace):
    for root in trace.roots:
        yield Report(root.node, "a loss", "look at it", (), trace.confidence(root.node))


RULE = Rule("XX001", "any-loss", Severity.WARNING, check, (), ())
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def test_version(tmp_path: Path) -> None:
    assert losslint("--version", folder=tmp_path).out == f"losslint {__version__}\n"


def test_nothing_given_shows_the_help(tmp_path: Path) -> None:
    assert "Usage: losslint" in losslint(folder=tmp_path).out


def test_status_tells_findings(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED, clean=CLEAN)
    assert losslint("check", "clean.py", folder=tmp_path).status == 0
    assert losslint("check", "summed.py", folder=tmp_path).status == 1
    assert losslint("check", folder=tmp_path).status == 1
    assert losslint("check", "--exit-zero", folder=tmp_path).status == 0


def test_an_error_beats_findings_and_exit_zero(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    ran = losslint("check", "summed.py", "gone.py", "--exit-zero", folder=tmp_path)
    assert ran.status == 2
    assert "summed.py:5:12 LL101 batch-sum" in ran.out
    assert ran.err == "losslint: error: gone.py: no such file or directory; check the path\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select", "LL101"], 1),
        (["--select", "LL2,LL3"], 0),
        (["--select", "LL3", "--select", "batch-sum"], 1),
        (["--select", "LL3", "--extend-select", "LL1"], 1),
        (["--ignore", "LL301, batch-sum"], 0),
        (["--select", "LL1", "--ignore", "LL1"], 0),
        (["--ignore", "LL1", "--extend-select", "LL101"], 1),
        (["--min-confidence", "high"], 1),
        (["--select", "scalar-loss"], 1),
        (["--select", "ALL", "--ignore", "LL10"], 0),
    ],
)
def test_selectors(tmp_path: Path, arguments: list[str], found: int) -> None:
    write(tmp_path, summed=SUMMED)
    ran = losslint("check", "--output-format", "json", "--isolated", *arguments, folder=tmp_path)
    assert len(json.loads(ran.out)["findings"]) == found
    assert ran.status == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--select", "LL999"], "unknown rule `LL999`; `losslint rules` lists them"),
        (["check", "--select", "batch-sun"], "unknown rule `batch-sun`; did you mean `batch-sum`?"),
        (["check", "--output-format", "jsn"], "--output-format = 'jsn' is not valid; did you mean `json`?"),
        (["check", "--min-confidence", "hig"], "--min-confidence = 'hig' is not valid; did you mean `high`?"),
        (["check", "--zzz"], "No such option: --zzz"),
        (["check", "-", "a.py"], "`-` reads standard input and must be the only path"),
        (["check", "--stdin-filename", "a.py"], "--stdin-filename names what `-` reads; give `-` as the only path"),
        (["rule", "batch-sun"], "unknown rule `batch-sun`; did you mean `batch-sum`?"),
    ],
)
def test_a_mistake_of_the_user_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    write(tmp_path, clean=CLEAN)
    ran = losslint(*arguments, folder=tmp_path)
    assert (ran.status, ran.out, ran.err) == (2, "", f"losslint: error: {message}\n")


def test_json_holds_the_contract(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    report = json.loads(losslint("check", "--output-format", "json", folder=tmp_path).out)
    assert report["version"] == 1
    assert report["tool"] == {"name": "losslint", "version": __version__}
    (finding,) = report["findings"]
    place = {key: finding[key] for key in ("path", "cell", "line", "column", "end_line", "end_column", "function")}
    assert place == {
        "path": "summed.py",
        "cell": None,
        "line": 5,
        "column": 12,
        "end_line": 5,
        "end_column": 53,
        "function": "squared_error_loss",
    }
    assert finding["verdict"] is None
    assert finding["fix"]["safety"] == "unsafe" and finding["fix"]["verified"] is None
    (edit,) = finding["fix"]["edits"]
    assert edit.pop("text").endswith(" / tf.cast(tf.shape(y_pred)[0], y_pred.dtype)")
    assert edit == {key: place[key] for key in ("line", "column", "end_line", "end_column")}
    assert report["errors"] == []
    assert report["summary"] == {"files": 1, "losses": 1, "findings": 1, "suppressed": 0, "incomplete": []}


def test_fingerprint_survives_moved_lines(tmp_path: Path) -> None:
    prints = []
    for text in (SUMMED, SUMMED.replace("\n\n\n", "\n\n\nA = 1\n\n\n")):
        write(tmp_path, summed=text)
        prints.append(json.loads(losslint("check", "--output-format", "json", folder=tmp_path).out)["findings"][0]["fingerprint"])
    assert prints[0] == prints[1]


def test_standard_input(tmp_path: Path) -> None:
    assert losslint("check", "-", folder=tmp_path, text=CLEAN).status == 0
    ran = losslint("check", "-", "--stdin-filename", "pkg/a.py", "--output-format", "concise", folder=tmp_path, text=SUMMED)
    assert ran.status == 1
    assert ran.out.startswith("pkg/a.py:5:12: LL101 batch-sum ")


def test_standard_input_shows_its_lines(tmp_path: Path) -> None:
    assert "5 |     return tf.reduce_sum" in losslint("check", "-", folder=tmp_path, text=SUMMED).out


def test_quiet_tells_findings_only(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED, clean=CLEAN)
    assert losslint("check", "-q", "clean.py", folder=tmp_path).out == ""
    assert "Found" not in losslint("check", "-q", folder=tmp_path).out


def test_a_suppressed_finding_is_counted(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED.replace("y_pred))\n", "y_pred))  # losslint: ignore[batch-sum] meant\n"))
    ran = losslint("check", folder=tmp_path)
    assert ran.status == 0
    assert ran.out == "No problems found in 1 file, 1 loss; 1 suppressed.\n"


def test_given_files_that_are_excluded_are_skipped_only_when_forced(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\nexclude = ["old_*.py"]\n')
    write(tmp_path, old_losses=SUMMED)
    assert losslint("check", "old_losses.py", folder=tmp_path).status == 1
    ran = losslint("check", "--force-exclude", "old_losses.py", folder=tmp_path)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == "losslint: note: every given file is excluded (old_losses.py), nothing was checked\n"
    assert losslint("check", "--force-exclude", "--isolated", "old_losses.py", folder=tmp_path).status == 1


def test_rules_and_their_pages(tmp_path: Path) -> None:
    table = losslint("rules", folder=tmp_path).out
    assert any(line.split()[:3] == ["LL101", "batch-sum", "warning"] for line in table.splitlines())
    for line in table.splitlines():
        code, name = line.split()[:2]
        page = losslint("rule", name, folder=tmp_path).out
        assert page == losslint("rule", code, folder=tmp_path).out
        assert page.startswith(f"# {code} {name}: ")
        assert "\n## Known misses\n" in page


def test_losses(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED, clean=CLEAN)
    ran = losslint("losses", folder=tmp_path)
    assert ran.status == 0
    assert "clean.py:4 squared_error_loss\n" in ran.out
    assert "one value per sample" in ran.out
    assert "sum over the batch: grows like B" in ran.out
    assert ran.out.count("gradient: flows") == 2


def test_losses_statistics(tmp_path: Path) -> None:
    unknown = "import tensorflow as tf\n\n\ndef my_loss(y_true, y_pred):\n    return tf.nonsense(y_pred)\n"
    write(tmp_path, summed=SUMMED, clean=CLEAN, unknown=unknown)
    lines = losslint("losses", "--statistics", folder=tmp_path).out.splitlines()
    assert lines[0].startswith("3 losses, ")
    assert lines[1].startswith("scaling known    66.7 %")
    assert lines[2].startswith("gradient known ")
    assert lines[3].startswith("calls resolved ")
    assert lines[4:] == ["most frequent unresolved calls:", "      1  tf.nonsense"]


def test_a_pack_given_as_a_path_needs_leave_and_works_in_processes_and_cached(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\npacks = ["./pack"]\nselect = ["XX"]\n')
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text(PACK)
    (tmp_path / "code").mkdir()
    write(tmp_path / "code", **{f"loss_{number}": CLEAN for number in range(45)})
    refused = losslint("check", "code", folder=tmp_path)
    assert refused.status == 2
    assert "--allow-local-packs" in refused.err
    for arguments in (["-j", "2"], ["-j", "1"], ["--no-cache"]):
        ran = losslint("check", "code", "--allow-local-packs", "--output-format", "concise", *arguments, folder=tmp_path)
        assert ran.out.count(": XX001 any-loss a loss\n") == 45, ran.err


def test_a_second_scan_reads_the_cache_and_sees_changes(tmp_path: Path) -> None:
    write(tmp_path, **{f"loss_{number}": SUMMED for number in range(45)})
    first = losslint("check", folder=tmp_path)
    assert losslint("check", folder=tmp_path) == first
    write(tmp_path, loss_7=CLEAN)
    assert "Found 44 problems in 44 files" in losslint("check", folder=tmp_path).out


def test_what_has_not_changed_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, **{f"loss_{number}": SUMMED for number in range(42)}, broken="import tensorflow as tf\ndef my_loss(:\n")
    (tmp_path / "parts").mkdir()  # a package without an __init__.py
    write(tmp_path / "parts", sums="import tensorflow as tf\n\n\ndef total(x):\n    return tf.reduce_sum(x)\n")
    write(tmp_path, helped=SUMMED.replace("tf.reduce_sum(", "total(").replace("\n\n\n", "\nfrom parts.sums import total\n\n\n", 1))
    checked: list[str] = []
    scan = ("check", "--min-confidence", "low")
    real = pipeline.check_files
    monkeypatch.setattr(pipeline, "check_files", lambda paths, **how: checked.extend(paths) or real(paths, **how))
    first = losslint(*scan, folder=tmp_path)
    assert first.status == 2 and "Found 43 problems" in first.out and len(checked) == 45
    checked.clear()
    assert losslint(*scan, folder=tmp_path) == first and not checked
    write(tmp_path / "parts", sums="import tensorflow as tf\n\n\ndef total(x):\n    return tf.reduce_mean(x)\n")
    assert "Found 42 problems" in losslint(*scan, folder=tmp_path).out and sorted(checked) == ["helped.py", "parts/sums.py"]


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)]
)
def test_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write(tmp_path, summed=SUMMED)
    assert ("\x1b[" in losslint("check", folder=tmp_path).out) is coloured


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "losslint", "check"]
    ran = subprocess.run(command, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (1, "")


def test_the_cache_is_where_it_is_told_and_can_be_taken_away(tmp_path: Path) -> None:
    names = {f"loss_{number}": SUMMED for number in range(45)}
    write(tmp_path, **names)
    kept = tmp_path / "kept"
    first = losslint("check", "--cache-dir", "kept", ".", folder=tmp_path)
    assert len(list(kept.glob("*.json"))) == 1
    (tmp_path / "loss_1.py").write_text(CLEAN)
    second = losslint("check", "--cache-dir", "kept", ".", folder=tmp_path)
    assert (first.out.count("LL101"), second.out.count("LL101")) == (45, 44)
    (kept / "other.txt").write_text("stays")
    assert "took away 1 file in" in losslint("clean", "--cache-dir", "kept", folder=tmp_path).err
    assert [path.name for path in kept.iterdir()] == ["other.txt"]


def test_a_defect_of_another_file_is_told_at_the_call_where_little_confidence_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, sums="import tensorflow as tf\n\n\ndef total(x):\n    return tf.reduce_sum(x)\n")
    body = "def some_loss(y_true, y_pred):\n    return total(tf.square(y_true - y_pred))\n"
    write(tmp_path, losses=f"import tensorflow as tf\nfrom sums import total\n\n\n{body}")
    assert losslint("check", "losses.py", folder=tmp_path).status == 0
    ran = losslint("check", "--min-confidence", "low", "losses.py", folder=tmp_path)
    assert "losses.py:6:12 LL101" in ran.out and "sums.py:5:12 the expression, reached through this call" in ran.out
