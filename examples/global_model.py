"""Train a regression with a penalty that the loss reads off a model of the module: it follows the name, not the training."""

import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])


def penalised_error(y_true, y_pred):
    """Give the squared error of each sample, and a penalty on the kernel of the first layer."""
    error = tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
    penalty = tf.reduce_sum(tf.abs(model.layers[0].weights[0]))
    return error + 0.01 * penalty


if __name__ == "__main__":
    features = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")
    targets = features.sum(axis=1, keepdims=True)
    model.compile(optimizer="adam", loss=penalised_error)
    model.fit(features, targets, batch_size=32, epochs=2)
