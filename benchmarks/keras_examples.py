"""Whether the chain is complete on training scripts that others wrote: Keras' own published examples, shortened, under `losslint why`.

usage: python benchmarks/keras_examples.py EXAMPLES --python PATH [--only NAME...]

EXAMPLES is the folder `examples/keras_io` of a clone of `keras-team/keras-core`; the interpreter has TensorFlow, Keras 3, matplotlib
and tqdm. Each script is copied with fewer epochs and samples; random numbers of the same shapes stand for the data that it would
download. For each training the table has the steps, what is not explained (as a part of the larger number), and what could not be
measured.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = (
    "vision/mnist_convnet",
    "vision/mlp_image_classification",
    "vision/attention_mil_classification",
    "vision/cct",
    "tensorflow/vision/involution",
    "tensorflow/generative/vae",
    "tensorflow/keras_recipes/antirectifier",
    "tensorflow/keras_recipes/endpoint_layer_pattern",
    "tensorflow/keras_recipes/trainer_pattern",
    "nlp/addition_rnn",
    "nlp/bidirectional_lstm_imdb",
)
SHORTER = {
    r"^(epochs|num_epochs|EPOCHS) = \d+": r"\1 = 2",
    r"epochs=\d+": "epochs=2",
    r"^(TRAINING_SIZE|BAG_COUNT|VAL_BAG_COUNT) = \d+": r"\1 = 400",
    "keras_core": "keras",
}
DATA = """
import keras
import numpy as np

_random = np.random.default_rng(1)


def _images(shape, classes, columns):
    def load_data(*_):
        def part(rows):
            labels = _random.integers(0, classes, (rows, 1) if columns else rows).astype("uint8")
            return _random.integers(0, 256, (rows, *shape)).astype("uint8"), labels

        return part(640), part(160)

    return load_data


def _words(num_words=20000, **_):
    def part(rows):
        words = [list(_random.integers(1, num_words, _random.integers(10, 200))) for _ in range(rows)]
        return np.array(words, dtype=object), _random.integers(0, 2, rows)

    return part(640), part(160)


keras.datasets.mnist.load_data = _images((28, 28), 10, False)
keras.datasets.cifar10.load_data = _images((32, 32, 3), 10, True)
keras.datasets.cifar100.load_data = _images((32, 32, 3), 100, True)
keras.datasets.imdb.load_data = _words
"""


def main() -> None:
    """Run all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", nargs="*", default=EXAMPLES)
    given = parser.parse_args()
    print("| example | training | steps | not explained | notes |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.only:
            script = Path(folder) / f"{Path(name).name}.py"
            script.write_text(shortened((given.examples / f"{name}.py").read_text(encoding="utf-8")), encoding="utf-8")
            for row in audited(script, given.python):
                print(f"| {name} | {row} |", flush=True)


def shortened(text: str) -> str:
    """A script with fewer epochs and samples, and with random data."""
    for pattern, shorter in SHORTER.items():
        text = re.sub(pattern, shorter, text, flags=re.MULTILINE)
    first = next(part.lineno for part in ast.parse(text).body if isinstance(part, ast.Import | ast.ImportFrom))
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: first - 1], DATA, *lines[first - 1 :]])


def audited(script: Path, python: str) -> list[str]:
    """One row for each training of a script."""
    command = [sys.executable, "-m", "losslint", "why", "--python", python, "--stop-after", "2", "--output-format", "json", script.name]
    surroundings = {**os.environ, "MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    ran = subprocess.run(command, cwd=script.parent, env=surroundings, capture_output=True, text=True, check=False)
    said = [line for line in ran.stderr.splitlines() if line.startswith("losslint: ") or re.match(r"\w*(Error|Exception): ", line)]
    try:
        fits = json.loads(ran.stdout[ran.stdout.rindex('{\n  "version"') :])["fits"]
    except ValueError:
        return [f"– | – | – | {' '.join(said) or ran.stderr[-300:]}"]
    rows = []
    for fit in fits:
        steps = ", ".join(f"{step['label']} {step['change']:+.3g}" for step in fit["steps"]) or "none"
        left = abs(fit["unexplained"]) / max(abs(fit["shown"]), abs(fit["mine"] or 0.0)) if fit["mine"] is not None else None
        rows.append(f"line {fit['line']} | {steps} | {'–' if left is None else f'{left:.1g}'} | {'; '.join(fit['notes'])}")
    return rows + [f"– | – | – | {line}" for line in said]


if __name__ == "__main__":
    main()
