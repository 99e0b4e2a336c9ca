"""Trains one small model for each cause that makes a shown loss differ, and writes what came out: run with the audit and without.

``python training.py OUT [NAMES]``: what is told of each case is its final weights, what training showed, and the user's own number
computed in numpy with float64. KERAS names the package to train with.
"""

import importlib
import json
import os
import sys

import numpy as np
import tensorflow as tf

keras = importlib.import_module(os.environ.get("KERAS", "keras"))
layers = keras.layers
CASES = {}
ROWS, SIZE = 70, 16


def case(function):
    CASES[function.__name__] = function
    return function


def numbers(rows=ROWS, width=3):
    stream = np.random.default_rng(7)
    x = stream.normal(size=(rows, width)).astype("float32")
    return x, (x.sum(1, keepdims=True) * 2 + 1).astype("float32")


def dense(*between, **options):
    return keras.Sequential([keras.Input((3,)), layers.Dense(4, **options), *between, layers.Dense(1)])


def squared(y, p):
    return float(np.mean((y.astype("float64") - p.astype("float64")) ** 2))


def trained(model, loss, x, y, *, rate=0.01, mine=squared, compiled=None, **options):
    optimizer = keras.optimizers.SGD(rate)
    model.compile(optimizer, loss, **(compiled or {}))
    history = model.fit(x, y, **{"batch_size": SIZE, "epochs": 2, "verbose": 0, **options})
    return model, history, None if mine is None else (x, y, mine)


@case
def plain():
    return trained(dense(), "mse", *numbers())


@case
def rate_zero():
    return trained(dense(), "mse", *numbers(), rate=0.0)


@case
def one_batch():
    return trained(dense(), "mse", *numbers(), batch_size=ROWS, rate=0.0)


@case
def batch_sum():
    def summed_error(y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred))

    return trained(dense(), summed_error, *numbers(), rate=0.001, mine=lambda y, p: squared(y, p) * y.size)


@case
def divided_by_a_constant():
    def divided_error(y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred)) / 32.0

    return trained(dense(), divided_error, *numbers(), mine=lambda y, p: squared(y, p) * y.size / 32)


@case
def regulariser():
    return trained(dense(kernel_regularizer="l2"), "mse", *numbers())


@case
def added_loss():
    class Penalised(layers.Layer):
        def call(self, inputs):
            self.add_loss(tf.reduce_mean(tf.abs(inputs)))
            return inputs

    return trained(dense(Penalised(name="penalised")), "mse", *numbers())


@case
def dropout():
    return trained(dense(layers.Dropout(0.5)), "mse", *numbers())


@case
def normalisation():
    return trained(dense(layers.BatchNormalization()), "mse", *numbers())


def classes():
    x, _ = numbers()
    return x, (np.arange(ROWS) % 2).astype("float32")[:, None]


def probable(y, p):
    p = np.clip(p.astype("float64"), 1e-7, 1 - 1e-7)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def classifier():
    return keras.Sequential([keras.Input((3,)), layers.Dense(1, activation="sigmoid")])


@case
def class_weight():
    return trained(classifier(), "binary_crossentropy", *classes(), mine=probable, class_weight={0: 1.0, 1: 5.0})


@case
def weights_of_one():
    return trained(dense(), "mse", *numbers(), sample_weight=np.ones(ROWS, "float32"))


@case
def sample_weight():
    x, y = numbers()
    weights = (np.arange(ROWS) % 2).astype("float32")
    y[weights == 0] += 9
    return trained(dense(), "mse", x, y, sample_weight=weights)


@case
def mask():
    stream = np.random.default_rng(3)
    words = stream.integers(1, 9, size=(ROWS, 6))
    words[:, 3:][stream.random((ROWS, 3)) < 0.6] = 0
    y = stream.normal(size=(ROWS, 6, 1)).astype("float32")
    model = keras.Sequential([keras.Input((6,)), layers.Embedding(9, 4, mask_zero=True), layers.Dense(1)])
    return trained(model, "mse", words, y)


@case
def saturated():
    x, y = classes()
    return trained(classifier(), "binary_crossentropy", x * 60, y, rate=1e-9, mine=None)


@case
def dice():
    def dice_loss(y_true, y_pred):
        return 1 - 2 * tf.reduce_sum(y_true * y_pred) / (tf.reduce_sum(y_true) + tf.reduce_sum(y_pred))

    def whole(y, p):
        y, p = y.astype("float64"), p.astype("float64")
        return float(1 - 2 * np.sum(y * p) / (np.sum(y) + np.sum(p)))

    return trained(classifier(), dice_loss, *classes(), rate=1e-9, batch_size=8, mine=whole)


@case
def two_heads():
    inputs = keras.Input((3,))
    hidden = layers.Dense(4)(inputs)
    model = keras.Model(inputs, [layers.Dense(1, name="a")(hidden), layers.Dense(1, name="b")(hidden)])
    x, y = numbers()
    return trained(model, ["mse", "mae"], x, [y, y], mine=None, compiled={"loss_weights": [0.3, 5.0]})


@case
def hidden_penalty():
    model = dense()

    def penalised_error(y_true, y_pred):
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + tf.reduce_sum(tf.abs(model.layers[0].kernel))

    return trained(model, penalised_error, *numbers(), mine=None)


@case
def several_steps_at_once():
    return trained(dense(), "mse", *numbers(), compiled={"steps_per_execution": 4})


@case
def compiled_by_xla():
    return trained(dense(kernel_regularizer="l2"), "mse", *numbers(), compiled={"jit_compile": True})


@case
def eager():
    return trained(dense(layers.Dropout(0.2)), "mse", *numbers(), compiled={"run_eagerly": True})


@case
def noisy_pipeline():
    x, y = numbers()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(ROWS, seed=1)
    data = data.map(lambda a, b: (a + tf.random.stateless_normal([3], tf.cast(b[:1] * 1e6, tf.int32)[0] + tf.constant([0, 1])), b))
    return trained(dense(), "mse", data.batch(SIZE), None, mine=None, batch_size=None)


@case
def column_against_row():
    def spread_error(y_true, y_pred):
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    x, y = numbers()
    return trained(dense(), spread_error, x, y[:, 0], mine=lambda y, p: float(np.mean((y.astype("float64") - p.astype("float64")) ** 2)))


@case
def sampling_layer():
    class Noise(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator(5) if hasattr(keras, "random") else None

        def call(self, inputs):
            if self.seeds is None:
                return inputs
            return inputs + 0.1 * keras.random.normal(tf.shape(inputs), seed=self.seeds)

    return trained(dense(Noise()), "mse", *numbers(), mine=None)


@case
def random_loss():
    def random_error(y_true, y_pred):
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 0.1 * tf.random.uniform([], seed=3)

    return trained(dense(), random_error, *numbers(), mine=None)


@case
def own_compute_loss():
    class Model(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **more):
            return super().compute_loss(x, y, y_pred, sample_weight, **more) + 0.5

    inputs = keras.Input((3,))
    return trained(Model(inputs, layers.Dense(1)(inputs)), "mse", *numbers())


@case
def everything():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(8, kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    options = {"loss_weights": [2.0], "jit_compile": True}
    return trained(model, "binary_crossentropy", *classes(), mine=probable, compiled=options, class_weight={0: 1.0, 1: 2.0})


@case
def held_out():
    x, y = classes()
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, kernel_regularizer="l2"), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    )
    apart = (x[:20] + 1, y[:20], np.full(20, 2.0, "float32"))
    return trained(model, "binary_crossentropy", x, y, mine=probable, validation_data=apart, class_weight={0: 1.0, 1: 5.0})


@case
def held_out_by_fraction():
    def summed_error(y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred))

    return trained(dense(), summed_error, *numbers(), rate=0.001, mine=None, validation_split=0.4)


@case
def half_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        return trained(dense(layers.Dropout(0.5)), "mse", *numbers(), mine=lambda y, p: squared(y, p.astype("float32")))
    finally:
        keras.mixed_precision.set_global_policy("float32")


@case
def named_inputs_and_outputs():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    both = layers.Dense(4)(layers.Concatenate()([a, b]))
    model = keras.Model({"a": a, "b": b}, {"u": layers.Dense(1, name="u")(both), "v": layers.Dense(1, name="v")(both)})
    x, y = numbers()
    weights = {"u": 1.0, "v": 3.0}
    return trained(model, {"u": "mse", "v": "mae"}, {"a": x, "b": x}, {"u": y, "v": y}, mine=None, compiled={"loss_weights": weights})


@case
def rows_against_a_column():
    x, y = numbers()
    return trained(dense(), "binary_crossentropy", x, (y[:, 0] > 0).astype("int32"), mine=None)


@case
def generator():
    x, y = numbers()

    def endless():
        while True:
            for start in range(0, ROWS, SIZE):
                yield x[start : start + SIZE], y[start : start + SIZE]

    return trained(dense(), "mse", endless(), None, mine=None, batch_size=None, steps_per_epoch=3)


@case
def generator_that_ends():
    x, y = numbers()
    pairs = ((x[start : start + SIZE], y[start : start + SIZE]) for start in range(0, ROWS, SIZE))
    return trained(dense(), "mse", pairs, None, mine=None, batch_size=None, epochs=1)


@case
def sequence():
    x, y = numbers()

    class Rows(keras.utils.Sequence):
        def __len__(self):
            return 4

        def __getitem__(self, number):
            return x[number * SIZE : (number + 1) * SIZE], y[number * SIZE : (number + 1) * SIZE]

    return trained(dense(), "mse", Rows(), None, mine=None, batch_size=None)


class Averaged(keras.Model):
    def __init__(self, average):
        super().__init__()
        self.average, self.dense = average, layers.Dense(1)

    def call(self, inputs):
        return self.dense(self.average(inputs))


@case
def ragged_batches():
    x, y = numbers()
    data = tf.data.Dataset.from_tensor_slices((tf.RaggedTensor.from_row_lengths(x.reshape(-1), [2, 4] * (ROWS // 2)), y))
    return trained(Averaged(lambda rows: tf.reduce_mean(rows, axis=1)[:, None]), "mse", data.batch(SIZE), None, mine=None, batch_size=None)


@case
def rows_that_meet():
    x, y = numbers()
    return trained(Averaged(lambda rows: rows - tf.reduce_mean(rows, axis=0)), "mse", x, y, mine=None)


def distributed():
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        model = dense(layers.Dropout(0.5), kernel_regularizer="l2")
        return trained(model, "mse", *numbers())


def main(out, names):
    told = {}
    if "distributed" in names:
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
        CASES["distributed"] = distributed
    for name in names or CASES:
        keras.utils.set_random_seed(1)
        model, history, own = CASES[name]()
        weights = [np.asarray(value).tolist() for value in model.get_weights()]
        told[name] = {"weights": weights, "shown": history.history["loss"], "random": float(np.random.random())}
        told[name]["held"] = history.history.get("val_loss")
        told[name]["drawn"] = float(tf.random.uniform([]))
        if own is not None:
            x, y, mine = own
            told[name]["mine"] = mine(y, model.predict(x, verbose=0))
            told[name]["evaluated"] = model.evaluate(x, y, batch_size=SIZE, verbose=0)
        with open(out, "w") as file:
            json.dump(told, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
