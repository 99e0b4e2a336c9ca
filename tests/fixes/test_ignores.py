"""Ignore comments: written for what is found, and taken away where they silence nothing."""

from __future__ import annotations

from pathlib import Path

from commands import losslint, write

LOSSES = """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(
        tf.square(y_true - y_pred))


def entropy_loss(y_true, y_pred):
    text = \"\"\"two
    lines\"\"\" + str(tf.reduce_mean(y_true * tf.math.log(y_pred)))
    total = tf.reduce_mean(y_true * tf.math.log(y_pred)) \\
        + 1.0
    return -total
"""


def test_comments_are_written_and_silence_what_was_found(tmp_path: Path) -> None:
    write(tmp_path, losses=LOSSES)
    before = losslint("check", "losses.py", folder=tmp_path)
    assert before.status == 1
    ran = losslint("check", "--add-ignore", "--reason", "as it is in the paper", "losses.py", folder=tmp_path)
    assert ran.status == 0, ran.out
    text = (tmp_path / "losses.py").read_text()
    assert "    return tf.reduce_sum(  # losslint: ignore[batch-sum] as it is in the paper\n" in text
    assert "        + 1.0  # losslint: ignore[unguarded-log] as it is in the paper\n" in text
    after = losslint("check", "losses.py", folder=tmp_path)
    assert after.status == 0 and "suppressed" in after.out
    assert "LL00" not in after.out
    assert losslint("check", "--add-ignore", "losses.py", folder=tmp_path).status == 0
    assert (tmp_path / "losses.py").read_text() == text


def test_a_name_is_added_to_the_comment_that_is_there(tmp_path: Path) -> None:
    line = "    return tf.reduce_sum(y_true * tf.math.log(y_pred))  # losslint: ignore[LL101] paper\n"
    write(tmp_path, losses=f"import tensorflow as tf\n\n\ndef some_loss(y_true, y_pred):\n{line.replace('(y_true', '(-y_true')}")
    assert losslint("check", "--add-ignore", "losses.py", folder=tmp_path).status == 0
    assert "# losslint: ignore[LL101, unguarded-log] paper\n" in (tmp_path / "losses.py").read_text()


def test_what_silences_nothing_is_taken_away(tmp_path: Path) -> None:
    mean = "    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)"
    head = "import tensorflow as tf\n\n\ndef some_loss(y_true, y_pred):\n"
    text = f"# losslint: ignore-file[LL301]\n{head}{mean}  # noqa # losslint: ignore[batch-sum, nonsense] why\n"
    write(tmp_path, losses=text)
    ran = losslint("check", "losses.py", folder=tmp_path)
    assert ran.status == 0
    assert [code for code in ("LL001", "LL002") if code in ran.out] == ["LL001", "LL002"]
    assert losslint("check", "--fix", "losses.py", folder=tmp_path).status == 0
    assert (tmp_path / "losses.py").read_text() == f"{head}{mean}  # noqa\n"


def test_used_names_stay(tmp_path: Path) -> None:
    line = "    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[{}] paper\n"
    head = "import tensorflow as tf\n\n\ndef some_loss(y_true, y_pred):\n"
    write(tmp_path, losses=head + line.format("LL301, batch-sum"))
    losslint("check", "--fix", "losses.py", folder=tmp_path)
    assert (tmp_path / "losses.py").read_text() == head + line.format("batch-sum")


def test_mistakes(tmp_path: Path) -> None:
    write(tmp_path, losses=LOSSES)
    for options in (["--reason", "x"], ["--add-ignore", "--fix"], ["--add-ignore", "-"]):
        ran = losslint("check", *options, *([] if "-" in options else ["losses.py"]), folder=tmp_path)
        assert ran.status == 2 and "error:" in ran.err
    assert (tmp_path / "losses.py").read_text() == LOSSES
