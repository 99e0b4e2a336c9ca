"""Python state that a loss reads: what is frozen when the loss is traced, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.finding import Result

HEAD = "import random\nimport numpy as np\nimport tensorflow as tf\n"
FROZEN = {
    "a counter of the loss's own": """
calls = 0
def step_loss(y_true, y_pred):
    global calls
    calls = calls + 1  # read
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) / calls
""",
    "a callback sets an attribute of the loss": """
class Weighted(tf.keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.beta = 0.0
    def call(self, y_true, y_pred):
        return self.beta * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)  # read
class Schedule(tf.keras.callbacks.Callback):
    def __init__(self, loss):
        self.loss = loss
    def on_epoch_end(self, epoch, logs=None):
        self.loss.beta = epoch / 10
""",
    "a setter of a loss class": """
class Weighted(tf.keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.beta = 0.0
    def set_beta(self, beta):
        self.beta = beta
    def call(self, y_true, y_pred):
        return self.beta * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)  # read
""",
    "a training loop": """
def train(model, batches):
    beta = 0.0
    def beta_loss(y_true, y_pred):
        return beta * tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)  # read
    model.compile("adam", loss=beta_loss)
    for x, y in batches:
        model.train_on_batch(x, y)
        beta += 0.1
""",
    "a nonlocal of the factory": """
def make_loss():
    step = 0
    def ramp_loss(y_true, y_pred):
        nonlocal step
        step += 1  # read
        return min(step / 100, 1.0) * tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
    return ramp_loss
""",
    "a training step of a model": """
class Vae(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.beta = 0.0
    def anneal(self):
        self.beta += 0.1
    def train_step(self, data):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(data - self(data)))
            loss = error + self.beta * tf.reduce_mean(tf.square(self.code))  # read
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {m.name: m.result() for m in self.metrics}
""",
}
ALIVE = {
    "counted, but not used": """
calls = 0
def step_loss(y_true, y_pred):
    global calls
    calls += 1
    print(calls)
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    "set before the model is compiled": """
class Trainer:
    def __init__(self):
        self.scale = 1.0
    def train(self, scale):
        self.scale = scale
        self.model.compile(loss=self.scaled_loss)
    def scaled_loss(self, y_true, y_pred):
        return self.scale * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    "a variable": """
beta = tf.Variable(0.0)
def beta_loss(y_true, y_pred):
    return beta * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
for epoch in range(10):
    beta = tf.Variable(epoch / 10.0)
""",
    "a parameter of the same name": """
beta = 0.0
def beta_loss(y_true, y_pred, beta=1.0):
    return beta * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
for epoch in range(10):
    beta += 0.1
""",
    "a name that another function has for itself": """
beta = 0.5
def beta_loss(y_true, y_pred):
    return beta * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
def main():
    beta = 0.0
    for epoch in range(10):
        beta += 0.1
""",
    "a seed and a generator": """
np.random.seed(0)
def beta_loss(y_true, y_pred):
    random.seed(1)
    noise = tf.random.normal(tf.shape(y_pred))
    return tf.reduce_mean(tf.square(y_true - y_pred + noise), axis=-1)
""",
    "a rebuilt model in a loop": """
def search(x, y):
    best = None
    weight = 1.0
    while best is None:
        def weighted(y_true, y_pred):
            return weight * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        model.compile(loss=weighted)
        best = model.fit(x, y)
        weight *= 2.0
""",
}


@pytest.mark.parametrize("text", FROZEN.values(), ids=FROZEN)
def test_frozen(text: str, check: Callable[[str], Result]) -> None:
    whole = HEAD + text
    expected = {number for number, line in enumerate(whole.splitlines(), 1) if line.endswith("# read")}
    assert {f.place.line for f in check(whole).findings if f.name == "frozen-state"} == expected


@pytest.mark.parametrize("text", ALIVE.values(), ids=ALIVE)
def test_alive(text: str, check: Callable[[str], Result]) -> None:
    assert [f.message for f in check(HEAD + text).findings if f.name == "frozen-state"] == []
