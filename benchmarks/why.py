"""What `losslint why` costs: a step of training under it against one without, and the end of an epoch against an epoch.

usage: python benchmarks/why.py [ROUNDS]

Each round trains the same small models without the audit and with it, one after the other on the same machine, and the least of each
time over the rounds is taken; the first epoch, and the first end of one that is explained, compile and are left out. The table is made of
ratios.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """\
import json
import sys
import time

import numpy as np
from tensorflow import keras

kind, told = sys.argv[1:3]
numbers = np.random.default_rng(1)
layers = keras.layers
if kind == "dense":
    x = numbers.normal(size=(25600, 64)).astype("float32")
    body = [keras.Input((64,)), layers.Dense(256, "relu", kernel_regularizer="l2"), layers.Dropout(0.2), layers.Dense(256, "relu")]
else:
    x = numbers.normal(size=(3200, 32, 32, 3)).astype("float32")
    body = [keras.Input((32, 32, 3)), layers.Conv2D(16, 3), layers.BatchNormalization(), layers.Conv2D(32, 3), layers.Flatten()]
y = numbers.integers(0, 10, size=len(x))
model = keras.Sequential([*body, layers.Dense(10)])
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
steps, ends = [], []


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.last = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        steps.append(self.last - self.begun)
        ends.append(time.perf_counter() - self.last)


model.fit(x, y, batch_size=64, epochs=4, verbose=0, callbacks=[Clock()])
with open(told, "w") as file:
    json.dump({"steps": min(steps[1:]), "end": ends[-1]}, file)
"""


def timed(folder: Path, kind: str, *, audited: bool) -> dict[str, float]:
    """Seconds of an epoch's steps, and of its end."""
    (folder / "train.py").write_text(SCRIPT)
    told = folder / "told.json"
    command = ["-m", "losslint", "why", "--epochs", "3,last", "--output-format", "json", "train.py"] if audited else ["train.py"]
    subprocess.run([sys.executable, *command, kind, str(told)], cwd=folder, check=True, capture_output=True)
    found: dict[str, float] = json.loads(told.read_text())
    return found


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| model | step, audited / plain | end of an epoch / epoch |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("dense", "convolutions"):
            plain, audited = ([timed(Path(folder), kind, audited=audited) for _ in range(rounds)] for audited in (False, True))
            steps = min(told["steps"] for told in plain)
            again = min(told["steps"] for told in audited)
            end = min(told["end"] for told in audited)
            print(f"| {kind} | {again / steps:.2f} | {end / steps:.2f} |")


if __name__ == "__main__":
    main()
