"""Fixes that would lose or break something of the user's are not offered, or leave it as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import losslint, write

from losslint.config import Settings
from losslint.fixing import checked, mended
from losslint.linter import check_source
from losslint.rule import load_rules
from losslint.source import no_modules

RULES = load_rules()
RATIO = "def ratio_loss(y_true, y_pred):\n    return K.sum(y_true * y_pred, axis=-1) / K.sum(y_true, axis=-1)\n"
KEPT = """\
import tensorflow as tf


class Scaled(tf.keras.losses.Loss):
    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        {}

    def call(self, y_true, y_pred):
        return self.scale * tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
"""
TRAP = """\
import tensorflow as tf


def ratio_loss(y_true, y_pred):
    {}
    return {}
"""
ANNEALED = """\
{}
from keras import ops

weight = 0.0


def annealed_loss(y_true, y_pred):
    return {} * ops.mean(ops.square(y_true - y_pred), axis=-1)


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        global weight
        {}


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=annealed_loss)
"""
GIVEN = '\n    def get_config(self):\n        return {**super().get_config(), "scale": self.scale}\n'


def fixed(text: str) -> str:
    settings = Settings(select=("ALL",))
    check = checked("losses.py", settings, RULES, no_modules)
    result = check_source(text, filename="losses.py", settings=settings, rules=RULES)
    assert [finding for finding in result.findings if finding.code not in ("LL104", "LL106")] and not result.failures
    done = mended(text, result, check, unsafe=True)
    assert not done.refused
    return done.text


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow as tf\n\n\ndef ratio_loss(y_true, y_pred):\n    return (tf.reduce_sum(y_pred, axis=-1) /  # both\n"
        "            tf.reduce_sum(y_true, axis=-1))\n",
        "import tensorflow as tf\n\n\ndef small_loss(y_true, y_pred):\n    return tf.reduce_mean(tf.math.log(\n        1.0  # 0 stays 0\n"
        "        + tf.abs(y_true - y_pred)), axis=-1)\n",
        f'from keras import backend as K; text = """\n"""\n\n\n{RATIO}',
        f"try:\n    from keras import backend as K\nexcept ImportError:\n    from tensorflow.keras import backend as K\n\n\n{RATIO}",
        f"from keras import backend as K\n\n\ndef other(x):\n    import tensorflow as tf\n\n    return tf.abs(x)\n\n\n{RATIO}",
        f"from keras import backend as K\n\n\n{RATIO.replace('    return', '    tf = 1.0' + chr(10) + '    return tf *')}",
        "import tensorflow as tf\n\n\ndef parts_loss(y_true, y_pred):\n    return tf.reduce_sum(tf.square(y_pred['a'] - y_true['a']))\n",
        "import numpy as np\nimport tensorflow as tf\n\n\ndef array_loss(y_true, y_pred):\n"
        "    return tf.reduce_mean(tf.square(np.array(y_pred) - y_true), axis=-1)\n",
        KEPT.format("scale = 10.0 * scale\n        self.scale = scale"),
        KEPT.format("self.scale = scale\n        self.scale += 1.0"),
        TRAP.format(
            "ratio = y_true / y_pred\n    ratio = tf.where(y_pred > 0.0, ratio, 0.0)",
            "tf.reduce_mean(tf.square(ratio), axis=-1)",
        ),
        TRAP.format(
            "ratio = y_true / y_pred\n    some = y_pred > 0.0",
            "tf.reduce_mean(tf.where(some, ratio, 0.0), axis=-1)",
        ),
        TRAP.format(
            "ratio = y_true / y_pred\n    tf.print(ratio)",
            "tf.reduce_mean(tf.where(y_pred > 0.0, ratio, 0.0), axis=-1)",
        ),
        TRAP.format(
            "ratio = y_true / y_pred",
            "tf.reduce_mean(tf.where(tf.math.is_finite(ratio), ratio, 0.0), axis=-1)",
        ),
        ANNEALED.format("import keras", "weight", "weight = min(1.0, epoch / 10)\n        print(weight)"),
        ANNEALED.format("import keras", "min(weight, 1.0)", "weight = epoch / 10"),
        ANNEALED.format("from tensorflow import keras", "weight", "weight = epoch / 10"),
        ANNEALED.format("import keras", "weight", "weight = epoch / 10  # slowly\n        weight *= 0.5"),
        "import tensorflow as tf\n\n\ndef triplet_loss(y_true, y_pred):\n    anchor, near, far = y_pred[0], y_pred[1], y_pred[2]\n"
        "    return tf.reduce_sum(tf.square(anchor - near) - tf.square(anchor - far))\n",
        "import tensorflow as tf\n\n\ndef first_loss(y_true, y_pred):\n    return tf.reduce_mean(tf.abs(y_true - y_pred * y_pred[:, 0]))\n",
        "import tensorflow as tf\n\n\ndef skill_loss(y_true, y_pred):\n    reference = tf.reduce_sum(tf.square(y_true)) + 1.0\n"
        "    return tf.reduce_mean(tf.square(y_true - y_pred)) / reference\n",
    ],
    ids=[
        "comment in a division",
        "comment in a sum",
        "import beside a text of two lines",
        "import in a try",
        "import of another function",
        "name of the import taken",
        "mapping of tensors",
        "array of a tensor",
        "parameter changed",
        "attribute changed",
        "value chosen under its own name",
        "condition made later",
        "value used elsewhere",
        "condition of the value itself",
        "number printed",
        "number given to a function of Python's",
        "no class of variables in sight",
        "number changed by a product",
        "list of tensors",
        "axis lost by an index",
        "division by data",
    ],
)
def test_nothing_is_offered(text: str) -> None:
    assert fixed(text) == text


def test_names_are_those_of_the_files_own_version() -> None:
    text = f"import keras\nfrom keras import backend as K\n\n\n{RATIO}"
    new = text.replace("as K\n", "as K\nimport tensorflow as tf\n").replace(
        "K.sum(y_true * y_pred, axis=-1) / K.sum(y_true, axis=-1)", "{}"
    )
    assert fixed(text) == new.format("tf.math.divide_no_nan(K.sum(y_true * y_pred, axis=-1), K.sum(y_true, axis=-1))")


@pytest.mark.parametrize("step", ["\t", "  ", "    "])
def test_a_method_is_indented_as_its_class(step: str) -> None:
    text = KEPT.format("self.scale = scale  # kept").replace("    ", step)
    assert fixed(text) == text.replace("# kept\n", f"# kept\n{GIVEN}".replace("    ", step))


def test_a_method_stands_behind_a_statement_of_several_lines() -> None:
    text = KEPT.format('self.scale = scale; """\ntext"""')
    assert fixed(text) == text.replace('text"""\n', f'text"""\n{GIVEN}')


def test_files_that_are_checked_are_not_imported(tmp_path: Path) -> None:
    write(tmp_path, array="raise SystemExit('run')", losses=RATIO)
    ran = subprocess.run([sys.executable, "-m", "losslint", "check", "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_text_between_two_fixes_stays(tmp_path: Path) -> None:
    text = "import tensorflow as tf\n\n\ndef a_loss(y_true, y_pred):\n    return -y_true * tf.math.log(y_pred)\n"
    both = f"{text}\n\n# between \x0c\n{text.partition(chr(10) * 3)[2].replace('a_loss', 'b_loss')}"
    (tmp_path / "losses.py").write_text(both)
    assert losslint("check", "--fix", "losses.py", folder=tmp_path).status == 0
    assert (tmp_path / "losses.py").read_text() == both.replace("log(y_pred)", "log(tf.maximum(y_pred, 1e-7))")


def test_a_condition_that_holds_before_is_written_before() -> None:
    text = TRAP.format(
        "some = y_pred > 0.0\n    ratio = y_true / y_pred  # kept", "tf.reduce_mean(tf.where(some, tf.zeros_like(y_true), ratio), axis=-1)"
    ).replace("> 0.0", "<= 0.0")
    assert fixed(text) == text.replace("/ y_pred", "/ tf.where(some, tf.ones_like(y_pred), y_pred)")


def test_every_change_of_a_number_becomes_an_assignment() -> None:
    text = ANNEALED.format("import keras", "(0.5 + weight)", "weight = min(1.0, weight + epoch / 10)  # up\n        weight -= 0.1")
    new = text.replace("weight = 0.0", "weight = keras.Variable(0.0, trainable=False)")
    new = new.replace("weight = min(1.0, weight + epoch / 10)", "weight.assign(min(1.0, weight + epoch / 10))")
    assert fixed(text) == new.replace("weight -= 0.1", "weight.assign_sub(0.1)")


def test_a_lost_axis_comes_back_in_an_assignment_that_subtracts() -> None:
    text = "from keras import backend as K\n\n\ndef centred_loss(y_true, y_pred):\n    y_pred -= K.mean(y_pred, -1)\n"
    text += "    return K.square(y_true * y_pred)\n"
    assert fixed(text) == text.replace("K.mean(y_pred, -1)", "K.expand_dims(K.mean(y_pred, -1), -1)")


def test_a_lost_axis_comes_back_where_it_was() -> None:
    text = (
        "from keras import ops\n\n\ndef centred_loss(y_true, y_pred):\n    return ops.square(y_true - y_pred * ops.mean(y_pred, axis=1))\n"
    )
    assert fixed(text) == text.replace("ops.mean(y_pred, axis=1)", "ops.expand_dims(ops.mean(y_pred, axis=1), 1)")
