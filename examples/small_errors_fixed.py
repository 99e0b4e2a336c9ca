"""Train a regression with log1p(error): exact for the smallest errors too."""

import keras
import numpy as np
import tensorflow as tf


def log_error(y_true, y_pred):
    """Average the logarithm of 1 plus the absolute error."""
    return tf.reduce_mean(tf.math.log1p(tf.abs(y_true - y_pred)))


if __name__ == "__main__":
    features = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")
    targets = features.sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss=log_error)
    model.fit(features, targets, batch_size=32, epochs=2)
    print(float(log_error(tf.constant([[0.0]]), tf.constant([[3e-8]]))))
