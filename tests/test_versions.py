"""Which Keras a project uses, and which names each generation has."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from losslint.config import Settings
from losslint.operations.availability import missing, table, today
from losslint.pipeline import Request, check
from losslint.project import ProjectModules
from losslint.rule import load_rules
from losslint.versions import in_file, required

REQUIRED = {
    "tensorflow==2.10.1\n": "2",
    "numpy\ntensorflow-gpu>=2.3,<2.11 ; python_version > '3.6'\n": "2",
    "tensorflow>=2.16": "3",
    "tensorflow>=2.3": "auto",
    "tensorflow": "auto",
    "tensorflow==1.15\nkeras==2.2.4": "auto",
    "keras>=3,<4": "3",
    'dependencies = ["keras ~= 3.1", "numpy"]': "3",
    'tensorflow = "^2.16"': "3",
    'tensorflow = {version = "2.10.*", optional = true}': "auto",
    'tensorflow = {version = "==2.10.*", optional = true}': "2",
    "  - tensorflow=2.10": "2",
    'name = "keras"\nversion = "3.5.0"': "3",
    '"tensorflow": {\n  "hashes": ["sha256:1"],\n  "version": "==2.15.0"': "2",
    'install_requires=["tensorflow[and-cuda]<2.16", "keras-tuner>=1"]': "2",
    "keras-tuner==3.1\ntensorflow-probability==0.24": "auto",
    "tensorflow==2.10\nkeras==3.0": "auto",
    "tensorflow==2.18\nTF_USE_LEGACY_KERAS=1": "2",
}
IMPORTED = {
    "import tf_keras as keras": "2",
    "import tensorflow as tf, tf_keras": "2",
    "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nimport tensorflow as tf": "2",
    "from keras import layers, ops": "3",
    "import keras\nx = keras.ops.mean": "3",
    "import tensorflow as tf\nimport keras": "auto",
    "import tf_keras\nfrom keras import ops": "auto",
}
LOSS = "import tensorflow as tf\n\n\ndef error_loss(y_true, y_pred):\n    return tf.keras.losses.mean_squared_error(y_true, y_pred)\n"


@pytest.mark.parametrize(("text", "keras"), REQUIRED.items(), ids=range(len(REQUIRED)))
def test_requirements(text: str, keras: str) -> None:
    assert required([text]) == keras


@pytest.mark.parametrize(("text", "keras"), IMPORTED.items(), ids=range(len(IMPORTED)))
def test_imports(text: str, keras: str) -> None:
    assert in_file(Settings(), text).keras == keras
    assert in_file(Settings(keras="2"), text).keras == "2", "what the user says stands"


def test_the_nearest_file_that_tells_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["tensorflow>=2.16"]\n')
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "requirements.txt").write_text("tensorflow==2.8\n")
    (tmp_path / "new").mkdir()
    modules = ProjectModules()
    assert modules.settled(Settings(), "old/losses.py", LOSS).keras == "2"
    assert str(tmp_path / "old" / "requirements.txt") in modules.forget(), "a change of it makes the result stale"
    assert modules.settled(Settings(), "new/losses.py", LOSS).keras == "3"
    assert modules.settled(Settings(keras="2"), "new/losses.py", LOSS).keras == "2"
    assert modules.settled(Settings(), "new/losses.py", "import tf_keras\n").keras == "2"


@pytest.mark.parametrize(("pin", "codes"), [("tensorflow==2.18", ["LL505"]), ("tensorflow==2.10", []), ("numpy", [])])
def test_a_pin_is_followed_from_the_file_to_the_finding(
    pin: str, codes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text(pin)
    Path("losses.py").write_text(LOSS)
    outcome = check(Request(("losses.py",)), Settings(), load_rules())
    assert [finding.code for finding in outcome.result.findings] == codes
    typed = check(Request(("-",), text=LOSS.encode(), filename="losses.py"), Settings(), load_rules())
    assert [finding.code for finding in typed.result.findings] == codes


@pytest.mark.parametrize(
    ("name", "keras", "lacking", "new"),
    [
        ("tensorflow.log", "2", "tensorflow.log", "tensorflow.math.log"),
        ("tensorflow.contrib.layers.flatten", "3", "tensorflow.contrib", None),
        ("keras.backend.sum", "3", "keras.backend.sum", "keras.ops.sum"),
        ("keras.backend.sum", "2", None, None),
        ("tf_keras.backend.sum", "2", None, None),
        ("tensorflow.math.sum", "auto", "tensorflow.math.sum", "tensorflow.math.reduce_sum"),
        ("tensorflow.math.log_softmax", "auto", None, None),
        ("tensorflow.log", "auto", None, None),
        ("tensorflow.python.ops.math_ops.log", "3", None, None),
        ("tensorflow.float32.name", "3", None, None),
    ],
)
def test_names(name: str, keras: str, lacking: str | None, new: str | None) -> None:
    assert missing(name, keras) == lacking
    if lacking:
        assert today(name, keras) == new


@pytest.mark.tensorflow
def test_todays_table_is_what_the_installed_packages_have() -> None:
    names = table().names["3"]
    roots = {root: importlib.import_module(root) for root in ("tensorflow", "keras")}
    for module, listed in names.items():
        held = roots[module.partition(".")[0]]
        for part in module.split(".")[1:]:
            held = getattr(held, part)
        there = set(dir(held))
        assert listed <= there, module
        gone = table().names["2"].get(module, frozenset()) - listed
        assert not {name for name in gone if _works(held, name)}, module


def _works(module: object, name: str) -> bool:
    try:
        dir(getattr(module, name))
    except (AttributeError, ImportError):
        return False
    return True
