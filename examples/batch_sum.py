"""Train a regression with a loss that adds up the errors of a batch: the shown loss grows with `batch_size`."""

import keras
import numpy as np
import tensorflow as tf


def summed_error(y_true, y_pred):
    """Add up the squared errors of all samples of a batch."""
    return tf.reduce_sum(keras.losses.mean_squared_error(y_true, y_pred))


def train(batch_size):
    """Train one epoch and return what Keras shows."""
    keras.utils.set_random_seed(1)
    features = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")
    targets = features.sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=summed_error)
    return model.fit(features, targets, batch_size=batch_size, epochs=1, verbose=0).history["loss"]


if __name__ == "__main__":
    for batch_size in (16, 64):
        print(batch_size, train(batch_size))
