"""From a full import name to the canonical namespaces of the catalogue: ``tf`` ``K`` ``keras`` ``ops`` ``np`` ``tfp`` ``tfa`` ``math`` ``scipy`` ``hub`` ``tnp``.

`tf.math`, `tf.nn`, `tf.linalg` and `tf.compat.v1` are folded into ``tf``: the same names mean the same there.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PREFIXES = (
    (re.compile(r"^tensorflow\.(?:python|_api\.v[12]|compat\.v[12])\."), "tensorflow."),
    (
        re.compile(
            r"^tensorflow\.(?:contrib|api\.v[12]|python)\.keras(?=\.|$)|^tensorflow\.keras(?=\.|$)|^(?:tf_keras|keras_core)(?=\.|$)"
        ),
        "keras",
    ),
    (re.compile(r"^keras\.(?:src|api|_v2|python|_tf_keras)(?:\._v[12])?(?:\.keras)?(?=\.|$)"), "keras"),
    (
        re.compile(r"^keras\.backend\.tensorflow_backend(?=\.|$)|^keras\.backend_config(?=\.|$)|^keras\.legacy\.backend(?=\.|$)"),
        "keras.backend",
    ),
    (re.compile(r"^keras\.(?:backend|ops)\.(?:numpy|nn|math|core|linalg|image)\.(?=\w)"), "keras.ops."),
    (re.compile(r"^keras\.objectives(?=\.|$)|^keras\.losses\.losses(?=\.|$)"), "keras.losses"),
    (
        re.compile(
            r"^tensorflow\.(?:ops|framework|training)\.(?:\w+_ops|losses\.losses_impl|ops|nn|\w+_impl|moving_averages|variable_scope)\."
        ),
        "tensorflow.",
    ),
    (re.compile(r"^tensorflow\.linalg\.inv$"), "tensorflow.matrix_inverse"),  # TensorFlow 1 had other functions
    (re.compile(r"^tensorflow\.linalg\.(?=diag$|diag_part$|transpose$)"), "tensorflow.matrix_"),  # of these names
    (re.compile(r"^tensorflow\.(?:math|nn|linalg|manip)\.(?=\w)"), "tensorflow."),
    (re.compile(r"^tensorflow\.experimental\.numpy(?=\.|$)"), "tensorflow_numpy"),
    (re.compile(r"^autograd\.numpy(?=\.|$)"), "numpy"),
)
_SPACES = (
    ("builtins", "builtins"),
    ("six.moves", "builtins"),
    ("past.builtins", "builtins"),
    ("future.builtins", "builtins"),
    ("keras.backend", "K"),
    ("keras.ops", "ops"),
    ("keras", "keras"),
    ("tensorflow", "tf"),
    ("numpy", "np"),
    ("tensorflow_numpy", "tnp"),
    ("tensorflow_probability", "tfp"),
    ("tensorflow_addons", "tfa"),
    ("tensorflow_hub", "hub"),
    ("math", "math"),
    ("scipy", "scipy"),
)


@lru_cache(maxsize=4096)
def canonical(dotted: str) -> str | None:
    """The canonical spelling of a full dotted import name, None if it is of no package that the catalogue knows."""
    name = dotted
    for _ in range(2):
        for pattern, replacement in _PREFIXES:
            name = pattern.sub(replacement, name)
    for prefix, space in _SPACES:
        if name == prefix:
            return space
        if name.startswith(prefix + "."):
            return space + name[len(prefix) :]
    return None
