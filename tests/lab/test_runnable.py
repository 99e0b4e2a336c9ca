"""Losses that the laboratory can run: what they need from around them is found, made, or guessed and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from losslint.config import Settings
from losslint.lab.bench import Bench
from losslint.lab.slice import Slice
from losslint.lab.verdicts import Laboratory
from losslint.linter import run
from losslint.project import ProjectModules
from losslint.source import Modules, Source, no_modules

pytestmark = pytest.mark.tensorflow


@contextmanager
def opened(laboratory: Laboratory, text: str, function: str, modules: Modules = no_modules) -> Iterator[Bench]:
    source = Source.parse(dedent(text), "losses.py")
    trace = next(t for t in run(source, Settings(), modules) if t.loss.function == function)
    bench = Bench(laboratory.running, trace, Slice.of(trace, source, modules))
    try:
        yield bench
    finally:
        bench.close()


def test_a_temporary_file_is_made_in_the_folder_of_the_loss(laboratory: Laboratory) -> None:
    text = """\
        import tempfile
        import tensorflow as tf


        def noted_loss(y_true, y_pred):
            tempfile.TemporaryFile().close()
            return tf.reduce_mean(tf.square(y_true - y_pred))
        """
    with opened(laboratory, text, "noted_loss") as bench:
        assert bench.run(bench.batch).telling


def test_a_module_that_its_package_imports_out_of_itself(laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "pkg/__init__.py": "from .plain import tools\nfrom . import parts\nfrom .fast import *\n",
        "pkg/plain.py": "tools = None\n",
        "pkg/parts.py": "import pkg\n\ndef scaled(x):\n    return pkg.tools.doubled(x)\n",
        "pkg/fast/__init__.py": "from . import tools\n",
        "pkg/fast/tools/__init__.py": "from .shapes import *\n",
        "pkg/fast/tools/shapes.py": "def doubled(x):\n    return 2.0 * x\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    text = """\
        import tensorflow as tf
        from pkg import parts


        def scaled_loss(y_true, y_pred):
            return tf.reduce_mean(parts.scaled(tf.square(y_true - y_pred)))
        """
    with opened(laboratory, text, "scaled_loss", ProjectModules()) as bench:
        assert bench.run(bench.batch).telling
