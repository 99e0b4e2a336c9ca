"""losslint: a linter for TensorFlow and Keras losses that proves its findings."""

__version__ = "0.1.0"
