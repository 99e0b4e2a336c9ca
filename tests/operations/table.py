"""How each entry of the catalogue is called in the tests. An entry that is not here is called as its kind is."""

from __future__ import annotations

from forms import Form, P, T

from losslint.operations.operation import Kind, Operation

INTS = f"tf.cast({P} * 4, tf.int32)"
LOGICAL = f"{P} > 0.5"
CUBE = "B, 4, 3"
PLANE = "B, 8, 8, 3"
SQUARE = "B, 3, 3"
EITHER = f"{T} > 0.5"

FORMS: dict[str, tuple[Form, ...]] = {
    # --- elementwise ---------------------------------------------------------------------------------------------
    "add": (Form({"x": P, "y": T}, but="layers"), Form({"x": f"[{P}, {T}]"}, only="layers"), Form({"x": P, "y": "1e-7"}, but="layers")),
    "subtract": (Form({"x": P, "y": T}, but="layers"), Form({"x": f"[{P}, {T}]"}, only="layers"), Form({"x": "1.0", "y": P}, but="layers")),
    "multiply": (
        Form({"x": P, "y": T}, but="layers|scalar_mul"),
        Form({"x": f"[{P}, {T}]"}, only="layers"),
        Form({"x": "2.0", "y": P}, but="layers"),
        Form({"x": P, "y": f"tf.reduce_sum({T}, 0)"}, but="layers|scalar_mul", open=False),
    ),
    "maximum": (Form({"x": P, "y": T}, but="layers"), Form({"x": f"[{P}, {T}]"}, only="layers"), Form({"x": P, "y": "1e-7"}, but="layers")),
    "minimum": (Form({"x": P, "y": T}, but="layers"), Form({"x": f"[{P}, {T}]"}, only="layers"), Form({"x": P, "y": "0.5"}, but="layers")),
    "divide": (Form({"x": T, "y": P}), Form({"x": P, "y": f"tf.reduce_sum({T})"}, open=False)),
    "pow": (Form({"x": P, "y": "2.0"}), Form({"x": f"tf.reduce_sum({P}, 0)", "y": "0.5"}, open=False)),
    "bias_add": (Form({"x": P, "y": f"tf.reduce_mean({P}, 0)"}, unknown="columns", open=False),),
    "add_n": (Form({"x": f"[{P}, {T}, {P}]"}),),
    "clip": (Form({"x": P, "low": "1e-7", "high": "1 - 1e-7"}), Form({"x": P, "low": "1e-8", "high": "1 - 1e-8"})),
    "floordiv": (Form({"x": P, "y": "0.3"}),),
    "mod": (Form({"x": P, "y": "0.3"}),),
    "complex": (Form({"x": P, "y": T}, result="tf.math.real({})"),),
    "special2": (Form({"x": f"{P} + 1.5", "y": f"{T} + 1.0"}, but="polygamma"), Form({"x": "1.0", "y": f"{P} + 1.0"}, only="polygamma")),
    "betainc": (Form({"x": f"{P} + 1.5", "y": f"{T} + 1.0", "z": P}),),
    "bits": (),
    "logical_and": (Form({"x": LOGICAL, "y": EITHER}, but="^math"),),
    "logical_or": (Form({"x": LOGICAL, "y": EITHER}),),
    "logical_xor": (Form({"x": LOGICAL, "y": EITHER}),),
    "logical_not": (Form({"x": LOGICAL}),),
    "cross": (Form({"x": P, "y": T}, shape="B, 3", open=False),),
    # --- casts ---------------------------------------------------------------------------------------------------
    "cast": (
        Form({"x": P, "dtype": "tf.float16"}, but="bitcast|^K|ops", result="tf.cast({}, tf.float32)"),
        Form({"x": P, "dtype": "tf.int32"}, but="bitcast|^[.K]|ops"),
        Form({"x": P, "dtype": "'int32'"}, but="bitcast"),
        Form({"x": P, "dtype": "'float32'"}, but="bitcast"),
        Form({"x": LOGICAL, "dtype": "'float32'"}, but="bitcast"),
    ),
    "to_bool": (Form({"x": P}),),
    # --- activations ---------------------------------------------------------------------------------------------
    "clip_by_norm": (Form({"x": P, "clip_norm": "1.0"}, but="global"), Form({"x": f"[{P}, {T}]", "clip_norm": "1.0"}, only="global", result="{}[0][0]")),
    "argsort": (Form({"x": P}, but="invert"), Form({"x": "tf.argsort(y_pred[0])"}, only="invert")),
    "batch_normalization": (
        Form({"x": P, "*0": "0.1", "*1": "0.9", "*2": "0.0", "*3": "1.0", "*4": "1e-3"}, only=r"tf.*\.batch_normalization"),
    ),
    "dropout": (Form({"x": P, "rate": "0.5"}, random=True),),
    # --- reductions ----------------------------------------------------------------------------------------------
    "percentile": (Form({"x": P, "q": "0.5"}), Form({"x": P, "q": "0.5", "axis": "-1"})),
    "any": (Form({"x": LOGICAL}), Form({"x": LOGICAL, "axis": "-1"}), Form({"x": LOGICAL, "axis": "0"})),
    "all": (Form({"x": LOGICAL}), Form({"x": LOGICAL, "axis": "-1"}), Form({"x": LOGICAL, "axis": "0"})),
    "l2_loss": (Form({"x": P}),),
    "global_norm": (Form({"x": f"[{P}, {T}]"}),),
    "zero_fraction": (Form({"x": f"tf.nn.relu({P} - 0.5)"}),),
    "moments": (
        Form({"x": P, "axis": "[0]"}, result="{}[0]"),
        Form({"x": P, "axis": "[0]"}, result="{}[1]"),
        Form({"x": P, "axis": "[-1]", "keepdims": "True"}, result="{}[1]"),
    ),
    "determinant": (Form({"x": P}, shape=SQUARE, open=False, but="slogdet"), Form({"x": P}, shape=SQUARE, result="{}[1]", only="slogdet", open=False)),
    "trace": (Form({"x": P}, shape=SQUARE, open=False),),
    # --- contractions --------------------------------------------------------------------------------------------
    "matmul": (
        Form({"x": P, "y": T, "transpose_y": "True"}, open=False),
        Form({"x": P, "y": T, "transpose_x": "True"}, open=False),
        Form({"x": P, "y": f"tf.transpose({T})"}, open=False, but="batch_matmul"),
        Form({"x": P, "y": T, "transpose_y": "True"}, shape=CUBE, open=False),
        Form({"x": P, "y": T}, shape=SQUARE, open=False),
    ),
    "dot": (Form({"x": P, "y": f"tf.transpose({T})"}, open=False), Form({"x": f"tf.transpose({P})", "y": T}, open=False)),
    "matvec": (Form({"x": P, "y": T}, shape=SQUARE, open=False, result="tf.reduce_sum({})"),),
    "tensordot": (Form({"x": P, "y": f"tf.transpose({T})", "axes": "1"}, open=False),),
    "einsum": (
        Form({"equation": "'bi,bi->b'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bi,ci->bc'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bi,bi->'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bij->bji'", "*0": P}, shape=CUBE, open=False),
    ),
    "batch_dot": (Form({"x": P, "y": T, "axes": "1"}, open=False), Form({"x": P, "y": T, "axes": "[2, 2]"}, shape=CUBE, open=False)),
    "layer_dot": (Form({"x": f"[{P}, {T}]", "axes": "1"}, open=False),),
    "outer": (Form({"x": P, "y": T}, open=False), Form({"x": f"{P}[:, 0]", "y": f"{T}[:, 0]"}, open=False)),
    # --- shapes --------------------------------------------------------------------------------------------------
    "reshape": (
        Form({"x": P, "shape": "[-1]"}, but=r"^\."),
        Form({"x": P, "shape": "(-1, 4)"}),
        Form({"x": P, "shape": "[-1, 12]"}, shape=CUBE, open=False),
        Form({"x": P, "shape": "[4, -1]"}, shape=CUBE, open=False),
        Form({"x": P, "shape": "tf.shape(y_true)"}, but=r"^K|ops|^\.|^np|numpy"),
        Form({"x": P, "shape": "-1"}, only=r"^\.|np|numpy"),
    ),
    "expand_dims": (Form({"x": P, "axis": "-1"}), Form({"x": P, "axis": "0"}), Form({"x": P, "axis": "1"})),
    "squeeze": (Form({"x": f"{P}[:, :1]", "axis": "1"}, open=False), Form({"x": f"{P}[:, :1]"}, open=False, but="^K")),
    "transpose": (
        Form({"x": P}, open=False),
        Form({"x": P, "perm": "[0, 2, 1]"}, shape=CUBE, open=False, but="^K|matrix_transpose"),
        Form({"x": P, "perm": "[1, 0]"}, open=False, but="^K|matrix_transpose"),
    ),
    "permute_dimensions": (Form({"x": P, "perm": "(1, 0)"}, open=False), Form({"x": P, "perm": "(0, 2, 1)"}, shape=CUBE, open=False)),
    "moveaxis": (
        Form({"x": P, "source": "0", "destination": "2"}, shape=CUBE, open=False, but="rollaxis"),
        Form({"x": P, "source": "1", "destination": "2"}, shape=CUBE, open=False),
    ),
    "concat": (
        Form({"x": f"[{P}, {T}]", "axis": "-1"}),
        Form({"x": f"[{P}, {T}]", "axis": "0"}),
        Form({"x": f"[{P}, {T}]", "axis": "1"}),
        Form({"x": f"[{P}, {T}]"}, but="^tf"),
    ),
    "stack": (
        Form({"x": f"[{P}, {T}]"}),
        Form({"x": f"[{P}, {T}]", "axis": "-1"}, but="parallel"),
        Form({"x": f"[{P}, {T}]", "axis": "1"}, but="parallel"),
    ),
    "joined": (Form({"x": f"[{P}, {T}]"}, but="append", open=False), Form({"x": P, "y": T, "axis": "0"}, only="append", open=False)),
    "tile": (Form({"x": P, "multiples": "[1, 2]"}, open=False), Form({"x": P, "multiples": "[2, 1]"}, open=False)),
    "repeat": (Form({"x": P, "repeats": "2", "axis": "0"}, open=False), Form({"x": P, "repeats": "3", "axis": "1"}, open=False)),
    "repeat_rows": (Form({"x": P, "n": "3"}, open=False),),
    "broadcast_to": (Form({"x": f"{P}[:1]", "shape": "[5, 4]"}, open=False),),
    "pad": (Form({"x": P, "paddings": "[[0, 0], [1, 1]]"}, open=False, only=r"\.pad$"), Form({"x": P}, shape=PLANE, only="spatial", open=False), Form({"x": P}, shape=CUBE, only="temporal", open=False)),
    "roll": (Form({"x": P, "shift": "1", "axis": "0"}, open=False), Form({"x": P, "shift": "1", "axis": "-1"}, open=False)),
    "reverse": (
        Form({"x": P, "axis": "[0]"}, open=False, only="reverse(_v2)?$", but="^K"),
        Form({"x": P, "axis": "1"}, open=False, only="flip$|^K"),
        Form({"x": P}, only="flip(lr|ud)$", open=False),
    ),
    "split": (
        Form({"x": P, "parts": "2", "axis": "1"}, result="{}[0]", open=False),
        Form({"x": P, "parts": "[1, 3]", "axis": "-1"}, result="{}[1]", only="^tf", open=False),
        Form({"x": P, "parts": "2"}, result="{}[1]", open=False),
        Form({"x": P, "parts": "4", "axis": "1"}, result="tf.concat({}, 1)", only="^tf", open=False),
    ),
    "unstack": (Form({"x": P, "axis": "1"}, result="{}[0]", open=False), Form({"x": P, "axis": "-1"}, result="tf.stack({}, 0)", open=False), Form({"x": P}, result="{}[0]", open=False)),
    "slice": (
        Form({"x": P, "begin": "[0, 1]", "size": "[-1, 2]"}, open=False, but="strided|ops"),
        Form({"x": P, "begin": "[0, 1]", "size": "[1, 2]"}, open=False, but="strided"),
        Form({"x": P, "begin": "[0, 1]", "end": "[3, 3]"}, open=False, only="strided"),
    ),
    "gather": (
        Form({"x": P, "indices": "[0, 2]"}),
        Form({"x": P, "indices": "[0, 2]", "axis": "1"}, open=False),
        Form({"x": P, "indices": "0", "axis": "-1"}, open=False),
        Form({"x": P, "indices": "tf.cast(y_true[:, :1], tf.int32)", "axis": "1", "batch_dims": "1"}, open=False),
    ),
    "take_along_axis": (Form({"x": P, "indices": "tf.zeros_like(y_true, dtype=tf.int32)", "axis": "1"}, open=False),),
    "gather_nd": (Form({"x": P, "indices": "tf.where(y_true > 0.5)"}, xla=False), Form({"x": P, "indices": "[[0, 1], [1, 2]]"}, open=False)),
    "scatter_nd": (Form({"indices": "[[0], [2]]", "updates": f"{P}[:2]", "shape": "[5, 4]"}, open=False),),
    "scatter_update": (Form({"x": P, "indices": "[[0], [1]]", "updates": f"{T}[:2]"}, open=False),),
    "top_k": (Form({"x": P, "k": "2"}, result="{}[0]", open=False), Form({"x": P, "k": "2"}, result="{}[1]", open=False)),
    "in_top_k": (Form({"x": f"tf.argmax({T}, -1)", "y": P, "k": "2"}, open=False),),
    "diag_part": (Form({"x": f"tf.matmul({P}, {T}, transpose_b=True)"}, open=False), Form({"x": P}, shape=SQUARE, open=False)),
    "diag": (Form({"x": f"{P}[:, 0]"}, open=False),),
    "set_diag": (Form({"x": P, "diagonal": f"{T}[:, 0]"}, shape=SQUARE, open=False),),
    "band_part": (Form({"x": P, "*0": "-1", "*1": "0"}, shape=SQUARE, open=False, only="band_part"), Form({"x": P}, shape=SQUARE, open=False, only="tri")),
    # --- sizes ---------------------------------------------------------------------------------------------------
    "shape": (Form({"x": P}, result="{}[0]"), Form({"x": P}, result="{}[-1]"), Form({"x": P}, result="{}[1]")),
    # --- selections ----------------------------------------------------------------------------------------------
    "where": (
        Form({"condition": EITHER, "x": P, "y": T}),
        Form({"condition": f"{P} > 0", "x": P, "y": f"tf.zeros_like({P})"}),
        Form({"condition": f"{P} > 0", "x": P, "y": "1e-7"}, but="select|where$"),
        Form({"condition": EITHER}, only=r"^tf.*where", xla=False),
    ),
    "cond": (Form({"condition": f"tf.reduce_any({T} > 0.5)", "x": f"lambda: {P}", "y": f"lambda: {T}"}),),
    "switch": (Form({"condition": f"{T} > 0.5", "x": P, "y": T}),),
    "boolean_mask": (Form({"x": P, "mask": EITHER}, xla=False, but="extract"), Form({"x": P, "mask": f"{T}[:, 0] > 0.5"}, open=False, xla=False, but="extract"), Form({"mask": EITHER, "x": P}, only="extract")),
    "nonzero": (),
    # --- creation ------------------------------------------------------------------------------------------------
    "constant": (Form({"x": "[1.0, 2.0]"}, but="initializer"),),
    "zeros": (Form({"shape": "[4, 3]"}), Form({"shape": f"tf.shape({P})"}, only="^tf"), Form({"shape": f"[tf.shape({P})[0], 3]"}, only="^tf")),
    "ones": (Form({"shape": "[4, 3]"}), Form({"shape": f"tf.shape({P})"}, only="^tf"), Form({"shape": f"(tf.shape({P})[0], 1)"}, only="^tf")),
    "fill": (Form({"shape": "[4, 3]", "value": "0.5"}), Form({"shape": f"tf.shape({P})", "value": "0.5"}, only="^tf")),
    "full_like": (Form({"x": P, "value": "0.5"}),),
    "eye": (Form({"rows": "3"}), Form({"rows": f"tf.shape({P})[0]"}, only="^tf")),
    "range": (Form({"start": "5"}), Form({"start": f"tf.shape({P})[0]"}, only="^tf"), Form({"start": "1", "limit": "4"}), Form({"start": "0.0", "limit": "1.0", "delta": "0.25"})),
    "linspace": (Form({"start": "0.0", "stop": "1.0", "num": "5"}),),
    "one_hot": (Form({"x": f"tf.argmax({P}, -1)", "depth": "4"}, open=False),),
    "sequence_mask": (Form({"x": INTS, "maxlen": "5"}),),
    "random_normal": (Form({"shape": "[4, 3]"}, random=True, only="random_normal$|random.normal$|truncated_normal$"),),
    "random_uniform": (Form({"shape": "[4, 3]"}, random=True, only="random_uniform$|random.uniform$"),),
    "variable": (Form({"x": "[1.0, 2.0]"}, only="Variable$", xla=False),),
    "placeholder": (),
    "epsilon": (Form({}),),
    "passed": (Form({"f": "lambda x: x * 2.0"}, result="{}(y_pred)", only="tf.function"),),
    # --- losses --------------------------------------------------------------------------------------------------
    "row_loss": (Form({"y_true": T, "y_pred": P}, but="ctc"),),
    "sparse_loss": (Form({"y_true": f"tf.argmax({T}, -1)", "y_pred": P}, but="^$"),),
    "element_loss": (Form({"y_true": T, "y_pred": P}, but="weighted"), Form({"y_true": T, "y_pred": P, "pos_weight": "2.0"}, only="weighted")),
    "batch_loss": (Form({"y_true": T, "y_pred": P}, but="sparse|weighted_loss|cosine"), Form({"y_true": f"tf.argmax({T}, -1)", "y_pred": P}, only="sparse"), Form({"y_true": T, "y_pred": P, "axis": "-1"}, only="cosine")),
    "sampled_loss": (),
    "weight_penalty": (),
    "accuracy": (Form({"y_true": T, "y_pred": P}, but="sparse"), Form({"y_true": f"tf.argmax({T}, -1)", "y_pred": P}, only="sparse")),
    "loss_object": (Form({}, result="{}(y_true, y_pred)"), Form({"reduction": "'sum'"}, result="{}(y_true, y_pred)"), Form({"reduction": "'none'"}, result="{}(y_true, y_pred)")),
    # --- the rest ------------------------------------------------------------------------------------------------
    "matrix_function": (Form({"x": P}, shape=SQUARE, open=False, only="matrix_inverse|inv|adjoint"),),
    "image": (Form({"x": P, "y": T, "max_val": "1.0"}, shape="B, 16, 16, 3", open=False, only="ssim$|psnr"), Form({"x": P}, shape=PLANE, open=False, only="total")),
    "filter": (),
    "distribution": (),
    "vector_distribution": (),
    "log_prob": (),
    "divergence": (),
    "entropy": (),
    "moment": (),
    "gradient": (),
    "tape": (),
    "map_fn": (Form({"f": "lambda row: row * 2.0", "x": P}, open=True, but="ops"), Form({"f": "lambda row: tf.reduce_sum(row)", "x": P}, but="ops")),
    "scan": (),
    "while_loop": (),
    "py_function": (),
}  # fmt: skip


def forms(operation: Operation) -> tuple[Form, ...]:
    """The ways in which an operation is called."""
    if operation.name in FORMS:
        return FORMS[operation.name]
    operands = dict(zip(operation.parameters.split()[: operation.operands], (P, T, T), strict=False))
    match operation.kind:
        case Kind.REDUCTION:
            return (
                Form(operands),
                Form({**operands, "axis": "-1"}),
                Form({**operands, "axis": "0"}),
                Form({**operands, "axis": "[0, 1]"}, but="arg(max|min)|argm"),
            )
        case Kind.ACTIVATION if "axis" in operation.parameters.split():
            return (Form(operands), Form({**operands, "axis": "-1"}), Form({**operands, "axis": "0"}))
        case Kind.OPAQUE | Kind.EFFECT:
            return ()
    return (Form(operands),)
