"""Train a regression with a penalty that belongs to the layer: Keras adds it to the loss of the model that is trained."""

import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential(
    [
        keras.Input((4,)),
        keras.layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L1(0.01)),
        keras.layers.Dense(1),
    ]
)


def squared_error(y_true, y_pred):
    """Give the squared error of each sample."""
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)


if __name__ == "__main__":
    features = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")
    targets = features.sum(axis=1, keepdims=True)
    model.compile(optimizer="adam", loss=squared_error)
    model.fit(features, targets, batch_size=32, epochs=2)
