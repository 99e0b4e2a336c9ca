"""losslint: a linter for TensorFlow and Keras losses that proves its findings."""

from importlib import import_module

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`LossAudit`, a Keras callback: imported when it is asked for, since it needs Keras."""
    if name == "LossAudit":
        return import_module("losslint.callback").LossAudit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
