"""Notebooks: linted by cell, with the numbers that an editor shows, and fixed in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SUMMED, losslint

from losslint.notebooks import code, with_code

IMPORTS = "%matplotlib inline\n!pip install -q tensorflow \\\n    keras\nimport tensorflow as tf\nfiles = !ls\ntf.constant?"
LOSS = SUMMED.partition("\n\n\n")[2].rstrip("\n")
LOGS = "def entropy_loss(y_true, y_pred):\n    # größer\n    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)\n"
FORMAT = 'text = ("%s"\n    % 1)'


def notebook(*cells: tuple[str, str], listed: bool = True, **metadata: object) -> dict[str, object]:
    made = []
    for kind, source in cells:
        cell: dict[str, object] = {
            "cell_type": kind,
            "metadata": {"tags": ["kept"]},
            "source": source.splitlines(keepends=True) if listed else source,
        }
        if kind == "code":
            cell |= {"execution_count": 3, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["große Zahl: 1e9\\n"]}]}
        made.append(cell)
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


CELLS = (
    ("code", IMPORTS),
    ("markdown", "# Losses\n\nno code"),
    ("code", LOSS),
    ("code", "%%bash\nls | wc"),
    ("code", FORMAT),
    ("code", LOGS),
)


def save(folder: Path, content: dict[str, object], **layout: object) -> Path:
    path = folder / "train.ipynb"
    path.write_text(json.dumps(content, **({"indent": 1, "ensure_ascii": False} | layout)) + "\n", encoding="utf-8")  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("listed", [True, False])
def test_findings_have_the_cell_and_line_of_the_editor(tmp_path: Path, listed: bool) -> None:
    save(tmp_path, notebook(*CELLS, listed=listed))
    ran = losslint("check", "--output-format", "json", ".", folder=tmp_path)
    assert ran.status == 1, ran.err
    found = [(f["code"], f["cell"], f["line"], f["column"], f["end_line"]) for f in json.loads(ran.out)["findings"]]
    assert found == [("LL101", 3, 2, 12, 2), ("LL301", 6, 3, 37, 3)]
    text = losslint("check", "train.ipynb", folder=tmp_path).out
    assert "train.ipynb:cell 3:2:12 LL101" in text
    assert "   2 |     return tf.reduce_sum(tf.square(y_true - y_pred))" in text


@pytest.mark.parametrize(("indent", "ascii_only"), [(1, False), (2, True), (None, False)])
def test_a_fix_changes_its_line_and_nothing_else(tmp_path: Path, indent: int | None, ascii_only: bool) -> None:
    path = save(tmp_path, notebook(*CELLS), indent=indent, ensure_ascii=ascii_only)
    before = path.read_text(encoding="utf-8")
    assert losslint("check", "--fix", ".", folder=tmp_path).status == 1
    after = path.read_text(encoding="utf-8")
    assert after == before.replace("tf.math.log(y_pred)", "tf.math.log(tf.maximum(y_pred, 1e-7))")


def test_a_comment_is_written_into_the_cell(tmp_path: Path) -> None:
    path = save(tmp_path, notebook(*CELLS))
    assert losslint("check", "--add-ignore", ".", folder=tmp_path).status == 0
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert "".join(cells[2]["source"]).endswith("# losslint: ignore[batch-sum]")
    assert "".join(cells[0]["source"]) == IMPORTS
    assert losslint("check", ".", folder=tmp_path).status == 0


def test_the_way_there_and_back_changes_nothing() -> None:
    text = json.dumps(notebook(*CELLS, ("code", ""), ("code", "x = 1\n\n")), indent=1) + "\n"
    assert with_code(text, code(text)) == text


def test_other_languages_and_backups_are_left_out(tmp_path: Path) -> None:
    save(tmp_path, notebook(("code", LOSS), kernelspec={"language": "R"}))
    (tmp_path / ".ipynb_checkpoints").mkdir()
    save(tmp_path / ".ipynb_checkpoints", notebook(*CELLS))
    assert losslint("check", ".", folder=tmp_path).status == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [("{tensorflow", "not valid JSON"), ('{"worksheets": ["tensorflow"]}', "not of format 4")],
)
def test_broken_notebooks_are_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.ipynb").write_text(text)
    ran = losslint("check", "bad.ipynb", folder=tmp_path)
    assert ran.status == 2 and says in ran.err


def test_a_syntax_error_has_its_cell(tmp_path: Path) -> None:
    save(tmp_path, notebook(("code", "import tensorflow as tf"), ("code", "def my_loss(:\n    pass")))
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.status == 2 and "train.ipynb:1: cell 2: column 13: syntax error" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n ", "\n\t"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace('"kept"', '"\\u003ckept\\/ größer"'),
        lambda text: text.replace('"nbformat": 4,', '"nbformat": 4, "a": 1.00, "b": 1.0E-7, "a": [ ],'),
        lambda text: text.replace('"metadata": {}, "nb', '"metadata": null, "nb'),
        lambda text: text.replace('"# größer', '"# losslint hides: x'),
        lambda text: text.replace('"# größer', '"# %% losslint cell 7'),
        lambda text: text.replace('"# größer', '"# \u2028 \f größer'.replace("\f", "\\f")),
    ],
    ids=[
        "tabs",
        "line ends",
        "byte order mark",
        "escapes",
        "numbers and keys twice",
        "no metadata",
        "our mark",
        "our heading",
        "separators",
    ],
)
def test_how_a_notebook_is_written_stays(tmp_path: Path, change: Callable[[str], str]) -> None:
    lines = LOGS.replace("    # größer\n", "").replace("def", "# größer\ndef")
    path = save(tmp_path, notebook(*CELLS[:-1], ("code", lines), ("code", "x = 1\n\n")))
    before = change(path.read_text(encoding="utf-8"))
    path.write_bytes(before.encode())
    losslint("check", "--fix", "--select", "LL301", ".", folder=tmp_path)
    assert path.read_bytes().decode() == before.replace("tf.math.log(y_pred)", "tf.math.log(tf.maximum(y_pred, 1e-7))")


def test_sources_that_are_no_text_are_left_alone(tmp_path: Path) -> None:
    content = notebook(*CELLS)
    content["cells"] = [{"cell_type": "code", "source": None}, *content["cells"], {"cell_type": "code", "source": [1]}]  # type: ignore[misc]
    path = save(tmp_path, content)
    before = path.read_text(encoding="utf-8")
    losslint("check", "--fix", ".", folder=tmp_path)
    assert path.read_text(encoding="utf-8") == before.replace("tf.math.log(y_pred)", "tf.math.log(tf.maximum(y_pred, 1e-7))")
