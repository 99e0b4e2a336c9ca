"""Reports for other programs, read by what reads them: the official SARIF schema, an XML parser, a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as xml

import jsonschema
import pytest
from browser import BROWSER, NARROWEST, laid_out
from commands import CLEAN, SUMMED, losslint, write

LOGS = """\
import tensorflow as tf


def entropy_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-8, 1 - 1e-8)  # <b> & "quotes"
    return -tf.reduce_mean(y_true * tf.math.log(y_pred) + (1 - y_true) * tf.math.log(1 - p), axis=-1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bad name.py").write_text("import tensorflow as tf\n\n\ndef my_loss(:\n")
    return write(tmp_path, summed=SUMMED, logs=LOGS, clean=CLEAN)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The official schema, as Microsoft's own validator ships it."""
    if shutil.which("npm") is None:
        pytest.skip("the SARIF schema comes with an npm package, and there is no npm")
    folder = tmp_path_factory.mktemp("schema")
    packed = subprocess.run(
        ["npm", "pack", "--silent", "@microsoft/sarif-multitool-linux@5"], cwd=folder, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        pytest.skip(f"the npm package with the SARIF schema cannot be had: {packed.stderr[-200:]}")
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        file = archive.extractfile("package/sarif-2.1.0.json")
        assert file is not None
        return dict(json.load(file))


def test_sarif_is_valid_and_complete(folder: Path, schema: dict[str, object]) -> None:
    ran = losslint("check", "--output-format", "sarif", "--no-cache", ".", folder=folder)
    assert ran.status == 2
    log = json.loads(ran.out)
    jsonschema.validate(log, schema)
    (run,) = log["runs"]
    assert {result["ruleId"] for result in run["results"]} == {"LL101", "LL301", "LL303"}
    by_rule = {result["ruleId"]: result for result in run["results"]}
    for code, result in by_rule.items():
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == code
    region = by_rule["LL101"]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 5, "startColumn": 12, "endLine": 5, "endColumn": 53}
    change = by_rule["LL301"]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert change["insertedContent"]["text"] == "tf.maximum(y_pred, 1e-7)"
    assert by_rule["LL303"]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 5
    invocation = run["invocations"][0]
    assert not invocation["executionSuccessful"]
    uri = invocation["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "bad%20name.py"


def test_sarif_of_nothing_is_valid(tmp_path: Path, schema: dict[str, object]) -> None:
    write(tmp_path, clean=CLEAN)
    jsonschema.validate(json.loads(losslint("check", "--output-format", "sarif", "clean.py", folder=tmp_path).out), schema)


def test_gitlab(folder: Path) -> None:
    entries = json.loads(losslint("check", "--output-format", "gitlab", ".", folder=folder).out)
    assert len(entries) == 4 and len({entry["fingerprint"] for entry in entries}) == 4
    assert {entry["severity"] for entry in entries} == {"blocker", "critical", "major"}
    assert all(set(entry) == {"description", "check_name", "fingerprint", "severity", "location"} for entry in entries)
    assert entries[-1]["location"] == {"path": "bad name.py", "lines": {"begin": 4}}


def test_junit(folder: Path) -> None:
    root = xml.fromstring(losslint("check", "--output-format", "junit", ".", folder=folder).out)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "3", "1")
    assert [suite.get("name") for suite in root] == ["logs.py", "summed.py", "bad name.py"]
    passed = xml.fromstring(losslint("check", "--output-format", "junit", "clean.py", folder=folder).out)
    assert passed.get("tests") == "1" and passed.find(".//failure") is None


def test_jsonl(folder: Path) -> None:
    ran = losslint("check", "--output-format", "jsonl", ".", folder=folder)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    whole = json.loads(losslint("check", "--output-format", "json", ".", folder=folder).out)
    assert lines[:-1] == whole["findings"]
    assert lines[-1]["path"] == "bad name.py" and "error" in lines[-1]


def test_statistics(folder: Path) -> None:
    out = losslint("check", "--statistics", "logs.py", "summed.py", folder=folder).out
    assert [line.split()[:3] for line in out.splitlines()[:3]] == [
        ["1", "LL101", "batch-sum"],
        ["1", "LL301", "unguarded-log"],
        ["1", "LL303", "rounded-away-guard"],
    ]


def test_one_run_feeds_several_readers(folder: Path) -> None:
    options = ["--output-file", "sarif=out.sarif", "--output-file", "html=out.html"]
    ran = losslint("check", *options, "logs.py", folder=folder)
    assert "LL301 unguarded-log" in ran.out
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert "unguarded-log" in (folder / "out.html").read_text()


@pytest.mark.parametrize(
    ("word", "says"),
    [("sarif", "give FORMAT=PATH"), ("serif=x", "did you mean `sarif`?"), ("sarif=no/such/x", "there is no folder no/such")],
)
def test_mistakes(folder: Path, word: str, says: str) -> None:
    ran = losslint("check", "--output-file", word, "logs.py", folder=folder)
    assert ran.status == 2 and says in ran.err and not ran.out


class _Reader(HTMLParser):
    """Notes what a page loads and says."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]
        self.loaded += [tag] if tag in ("script", "link", "iframe") else []
        self.open += [tag] if tag not in ("meta", "line", "polyline") else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_loads_nothing(folder: Path) -> None:
    reader = _Reader()
    reader.feed(losslint("check", "--output-format", "html", ".", folder=folder).out)
    assert not reader.loaded and not reader.open
    assert 'p = tf.clip_by_value(y_pred, 1e-8, 1 - 1e-8)  # <b> & "quotes"' in reader.text
    assert "Found 3 problems in 2 files" in reader.text


@pytest.mark.tensorflow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
@pytest.mark.parametrize(("width", "dark"), [(400, True), (1200, False)])
def test_the_page_fits_a_real_browser(folder: Path, width: int, dark: bool) -> None:
    page = losslint("check", "--confirm", "--output-format", "html", "logs.py", "summed.py", folder=folder).out
    assert page.count("<svg") == 3
    wide, ground = laid_out(page, folder, width, dark)
    assert wide <= max(width, NARROWEST)
    assert ground == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")
