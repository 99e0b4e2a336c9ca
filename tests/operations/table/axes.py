"""Contractions, matrices, shapes, joins, picks, scatters, sizes, selections."""

from __future__ import annotations

from forms import Form, P, T

from table.operands import CUBE, EITHER, LABELS, MATRICES, NUMPY, PLANE, ROW, SPD, SQUARE

FORMS: dict[str, tuple[Form, ...]] = {
    # --- contractions ------------------------------------------------------------------------------------------------
    "matmul": (
        Form({"x": P, "y": T, "transpose_y": "True"}, open=False, but="sparse"),
        Form({"x": P, "y": T, "transpose_x": "True"}, open=False, but="sparse"),
        Form({"x": P, "y": f"tf.transpose({T})"}, open=False, but="sparse"),
        Form({"x": P, "y": T, "transpose_y": "True"}, shape=CUBE, open=False, but="sparse"),
        Form({"x": P, "y": T}, shape=SQUARE, open=False, but="sparse"),
        Form({"x": f"tf.sparse.from_dense({P})", "y": T, "transpose_y": "True"}, open=False, only="sparse", xla=False),
    ),
    "dot": (Form({"x": P, "y": f"tf.transpose({T})"}, open=False, but=r"^\."), Form({"x": f"tf.transpose({P})", "y": T}, open=False, but=r"^\."), Form({"x": P, "y": f"{T}.T"}, only=r"^\.", open=False)),
    "inner": (Form({"x": P, "y": T}, open=False, xla=False),),
    "matvec": (Form({"x": P, "y": T}, shape="B, 3", open=False, only="^$"), Form({"x": f"{P}[:, :, None] * {T}[:, None, :]", "y": T}, open=False, unknown="columns")),
    "tensordot": (
        Form({"x": P, "y": f"tf.transpose({T})", "axes": "1"}, open=False),
        Form({"x": P, "y": T, "axes": "[[0], [0]]"}, shape=CUBE, open=False),
        Form({"x": P, "y": T, "axes": "[[1, 2], [1, 2]]"}, shape=CUBE, open=False),
    ),
    "einsum": (
        Form({"equation": "'bi,bi->b'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bi,ci->bc'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bi,bi->'", "*0": P, "*1": T}, open=False),
        Form({"equation": "'bi,ij'", "*0": P, "*1": f"tf.transpose({T})"}, open=False),
        Form({"equation": "'bij->bji'", "*0": P}, shape=CUBE, open=False, unknown="columns"),
        Form({"equation": "'...ij,...kj->...ik'", "*0": P, "*1": T}, shape=CUBE, open=False),
        Form({"equation": "'b...,b...->...'", "*0": P, "*1": T}, shape=CUBE, open=False),
    ),
    "batch_dot": (Form({"x": P, "y": T, "axes": "1"}, open=False), Form({"x": P, "y": T, "axes": "[2, 2]"}, shape=CUBE, open=False)),
    "layer_dot": (Form({"x": f"[{P}, {T}]", "axes": "1"}, open=False),),
    "outer": (Form({"x": P, "y": T}, open=False), Form({"x": ROW, "y": f"{T}[:, 0]"}, open=False)),
    # --- matrices ----------------------------------------------------------------------------------------------------
    "matrix_function": (Form({"x": SPD}, shape=SQUARE, open=False, xla=False, but="power|pinv"), Form({"x": SPD, "*0": "2"}, only="power", shape=SQUARE, open=False), Form({"x": SPD}, only="pinv", shape=SQUARE, open=False, xla=False)),
    "matrix_logarithm": (Form({"x": f"tf.cast({SPD}, tf.complex64)"}, shape=SQUARE, open=False, xla=False, result="tf.math.real({})", unknown="gradient"),),
    "pseudo_inverse": (Form({"x": P}, shape=CUBE, open=False),),
    "solution": (
        Form({"matrix": SPD, "x": P}, shape=SQUARE, open=False, but="chol|ops", xla=False),
        Form({"matrix": SPD, "x": f"{P}[:, :, :1]"}, shape=SQUARE, open=False, but="chol|ops", xla=False),
        Form({"matrix": f"tf.linalg.cholesky({SPD})", "x": P}, shape=SQUARE, open=False, only="chol"),
        Form({"matrix": SPD, "x": P}, shape=SQUARE, open=False, only="ops"),
    ),
    "svd": (Form({"x": P}, shape=CUBE, open=False, result="{}[0]", only="^tf", xla=False), Form({"x": P}, shape=CUBE, open=False, result="{}[1]", but="^tf"), Form({"x": P}, shape=CUBE, open=False, result="{}[2]", xla=False, unknown="gradient")),
    "eigh": (Form({"x": SPD}, shape=SQUARE, open=False, result="{}[0]", xla=False), Form({"x": SPD}, shape=SQUARE, open=False, result="{}[1]", xla=False)),
    "eigenvalues": (Form({"x": SPD}, shape=SQUARE, open=False, xla=False),),
    "qr": (Form({"x": P}, shape=SQUARE, open=False, result="{}[0]"), Form({"x": P}, shape=SQUARE, open=False, result="{}[1]")),
    # --- shapes ------------------------------------------------------------------------------------------------------
    "reshape": (
        Form({"x": P, "shape": "[-1]"}),
        Form({"x": P, "shape": "(-1, 4)"}),
        Form({"x": P, "shape": "[-1, 12]"}, shape=CUBE, open=False),
        Form({"x": P, "shape": "[4, -1]"}, shape=CUBE, open=False),
        Form({"x": P, "shape": f"tf.shape({T})"}, only=r"^tf"),
        Form({"x": P, "shape": f"tf.concat([tf.shape({T})[:1], [12]], 0)"}, only=r"^tf\.reshape", shape=CUBE, open=False),
        Form({"x": P, "shape": f"tf.stack([tf.shape({T})[0], -1])"}, only=r"^tf\.reshape", shape=CUBE, open=False),
        Form({"x": P, "shape": "-1"}, only=r"^\.|^np"),
    ),
    "expand_dims": (Form({"x": P, "axis": "-1"}), Form({"x": P, "axis": "0"}), Form({"x": P, "axis": "1"})),
    "squeeze": (Form({"x": f"{P}[:, :1]", "axis": "1"}, open=False), Form({"x": f"{P}[:, :1]"}, open=False, but="^K"), Form({"x": f"{P}[:, 1:2, :1]"}, shape=CUBE, open=False, but="^K")),
    "transpose": (Form({"x": P}, open=False), Form({"x": P, "perm": "[0, 2, 1]"}, shape=CUBE, open=False), Form({"x": P, "perm": "[1, 0]"}, open=False)),
    "matrix_transpose": (Form({"x": P}, open=False), Form({"x": P}, shape=CUBE, open=False)),
    "permute_dimensions": (Form({"x": P, "perm": "(1, 0)"}, open=False), Form({"x": P, "perm": "(0, 2, 1)"}, shape=CUBE, open=False)),
    "moveaxis": (Form({"x": P, "source": "0", "destination": "2"}, shape=CUBE, open=False), Form({"x": P, "source": "-1", "destination": "0"}, shape=CUBE, open=False), Form({"x": P, "source": "1", "destination": "-1"}, shape=CUBE, open=False)),
    "swapaxes": (Form({"x": P, "source": "0", "destination": "2"}, shape=CUBE, open=False), Form({"x": P, "source": "1", "destination": "-1"}, shape=CUBE, open=False)),
    "rollaxis": (Form({"x": P, "axis": "2"}, shape=CUBE, open=False), Form({"x": P, "axis": "0", "start": "2"}, shape=CUBE, open=False)),
    "tile": (Form({"x": P, "multiples": "[1, 2]"}, open=False), Form({"x": P, "multiples": "[2, 1]"}, open=False), Form({"x": P, "multiples": f"[1, tf.shape({T})[0]]"}, open=False, only="^tf")),
    "repeat": (Form({"x": P, "repeats": "2", "axis": "0"}, open=False), Form({"x": P, "repeats": "3", "axis": "1"}, open=False), Form({"x": P, "repeats": "3"}, open=False, but="^K")),
    "repeat_rows": (Form({"x": P, "n": "3"}, open=False),),
    "broadcast_to": (Form({"x": f"{P}[:1]", "shape": "[5, 4]"}, open=False),),
    "pad": (
        Form({"x": P, "paddings": "[[0, 0], [1, 1]]"}, open=False, only=r"^tf\.(compat.*)?pad$|ops.pad|np.pad"),
        Form({"x": P, "paddings": "[[0, 0], [1, 1]]", "*0": "'constant'"}, open=False, only="numpy"),
        Form({"x": P}, shape=PLANE, only="spatial", open=False),
        Form({"x": P}, shape=CUBE, only="temporal", open=False),
    ),
    "roll": (Form({"x": P, "shift": "1", "axis": "0"}, open=False), Form({"x": P, "shift": "1", "axis": "-1"}, open=False)),
    "reverse": (
        Form({"x": P, "axis": "[0]"}, open=False, only=r"reverse(_v2)?$", but="^K"),
        Form({"x": P, "axis": "1"}, open=False, only=r"flip$|^K"),
        Form({"x": P}, only=r"flip(lr|ud)$", open=False),
        Form({"x": P, "*0": f"tf.ones_like({ROW}, dtype=tf.int32)", "*1": "1", "*2": "0"}, only=r"reverse_sequence", open=False),
    ),
    "slice": (
        Form({"x": P, "begin": "[0, 1]", "size": "[-1, 2]"}, open=False, but="ops"),
        Form({"x": P, "begin": "[0, 1]", "size": "[1, 2]"}, open=False),
        Form({"x": P, "begin": "[0, 0]", "size": f"[tf.shape({T})[0], 2]"}, open=False, but="ops"),
    ),
    "strided_slice": (
        Form({"x": P, "begin": "[0, 1]", "end": "[3, 3]"}, open=False),
        Form({"x": P, "begin": "[0, 0]", "end": "[-1, 4]", "strides": "[1, 2]"}, open=False),
        Form({"x": P, "begin": "[0, 1]", "end": "[3, 3]", "*0": "None", "*1": "1"}, open=False, unknown="shape", but="^$", only="^$"),
    ),
    "diag_part": (Form({"x": MATRICES}, open=False), Form({"x": P}, shape=SQUARE, open=False, but="tensor|v1.diag")),
    "diag": (Form({"x": ROW}, open=False), Form({"x": P}, open=False, only=r"matrix_diag|^tf\.linalg\.diag"), Form({"x": MATRICES}, open=False, only=rf"{NUMPY}|ops")),
    "set_diag": (Form({"x": P, "diagonal": f"{T}[:, 0]"}, shape=SQUARE, open=False),),
    "band_part": (Form({"x": P, "lower": "-1", "upper": "0"}, shape=SQUARE, open=False, only="band_part"), Form({"x": P}, shape=SQUARE, open=False, only="tri[ul]$")),
    "differences": (Form({"x": P}, open=False), Form({"x": P, "axis": "0"}, open=False, unknown="degree")),
    "sparse": (Form({"x": P}, only="from_dense", result="tf.sparse.to_dense({})", open=False, xla=False), Form({"x": f"tf.sparse.from_dense({P})"}, but="from_dense|reorder", open=False, xla=False), Form({"x": f"tf.sparse.from_dense({P})"}, only="reorder", result="tf.sparse.to_dense({})", open=False, xla=False)),
    # --- several as one, and one as several --------------------------------------------------------------------------
    "concat": (Form({"x": f"[{P}, {T}]", "axis": "-1"}), Form({"x": f"[{P}, {T}]", "axis": "0"}), Form({"x": f"[{P}, {T}]", "axis": "1"}), Form({"x": f"[{P}, {T}]"}, but="^tf")),
    "stack": (Form({"x": f"[{P}, {T}]"}, but="parallel"), Form({"x": f"[{P}, {T}]", "axis": "-1"}, but="parallel"), Form({"x": f"[{P}, {T}]", "axis": "1"}, but="parallel")),
    "joined": (Form({"x": f"[{P}, {T}]"}, open=False), Form({"x": f"[{ROW}, {T}[:, 0]]"}, open=False, but="dstack"), Form({"x": f"[{P}, {T}]"}, shape=CUBE, open=False)),
    "append": (Form({"x": P, "y": T, "axis": "0"}, open=False), Form({"x": P, "y": T}, open=False)),
    "split": (
        Form({"x": P, "parts": "2", "axis": "1"}, result="{}[0]", open=False),
        Form({"x": P, "parts": "[1, 3]", "axis": "-1"}, result="{}[1]", open=False, but="ops.array_split"),
        Form({"x": P, "parts": "2"}, result="{}[1]", open=False),
        Form({"x": P, "parts": "4", "axis": "1"}, result="tf.concat({}, 1)", only="^tf", open=False),
    ),
    "unstack": (Form({"x": P, "axis": "1"}, result="{}[0]", open=False), Form({"x": P, "axis": "-1"}, result="tf.stack({}, 0)", open=False), Form({"x": P}, result="{}[0]", open=False)),
    "top_k": (Form({"x": P, "k": "2"}, result="{}[0]"), Form({"x": P, "k": "2"}, result="{}[1]"), Form({"x": f"tf.transpose({P})", "k": "2"}, result="{}[0]", open=False)),
    "meshgrid": (Form({"x": ROW, "*0": f"tf.reduce_mean({T}, 0)"}, result="{}[0]", open=False), Form({"x": ROW, "*0": f"tf.reduce_mean({T}, 0)", "*1": f"tf.reduce_mean({T}, 0)", "indexing": "'ij'"}, result="{}[0]", open=False)),
    "dynamic_partition": (Form({"x": P, "partitions": f"tf.cast({ROW} > 0.5, tf.int32)", "count": "2"}, result="{}[0]", open=False, xla=False), Form({"x": ROW, "partitions": f"tf.cast({T}[:, 0] > 0.5, tf.int32)", "count": "2"}, result="{}[1]", open=False, xla=False)),
    "unique": (Form({"x": ROW}, result="{}[0]", unknown="shape degree", open=False, xla=False), Form({"x": ROW}, result="{}[1]", unknown="degree", open=False, xla=False)),
    # --- picks -------------------------------------------------------------------------------------------------------
    "gather": (
        Form({"x": P, "indices": "[0, 2]"}),
        Form({"x": P, "indices": "[0, 2]", "axis": "1"}, open=False),
        Form({"x": P, "indices": "0", "axis": "-1"}, open=False),
        Form({"x": f"{P}[0]", "indices": f"tf.cast({T}, tf.int32)"}, open=False, but="batch_gather"),
        Form({"x": P, "indices": f"tf.cast({T}[:, :1], tf.int32)", "axis": "1", "batch_dims": "1"}, open=False),
        Form({"x": P, "indices": f"tf.cast({T}[:, :2], tf.int32)"}, open=False, only="batch_gather"),
    ),
    "take_along_axis": (Form({"x": P, "indices": f"tf.zeros_like({T}, dtype=tf.int32)", "axis": "1"}, open=False, but="^np"), Form({"x": P, "indices": f"np.zeros_like({T}, dtype='int32')", "axis": "1"}, open=False, only="^np")),
    "gather_nd": (
        Form({"x": P, "indices": f"tf.where({EITHER})"}, xla=False, open=False),
        Form({"x": P, "indices": "[[0, 1], [1, 2]]"}, open=False),
        Form({"x": P, "indices": "[[0], [1]]"}),
        Form({"x": P, "indices": f"tf.stack([tf.range(tf.shape({T})[0]), tf.argmax({T}, -1, output_type=tf.int32)], -1)"}, open=False),
    ),
    "in_top_k": (
        Form({"targets": f"tf.cast({LABELS}, tf.int32)", "predictions": P, "k": "2"}, open=False, but="v1|^K", free=True),
        Form({"targets": f"tf.cast({LABELS}, tf.int32)", "predictions": P, "k": "2"}, open=False, only="v1|^K", style="keyword", free=True),
        Form({"targets": P, "predictions": f"tf.cast({LABELS}, tf.int32)", "k": "2"}, open=False, only="v1", style="position", free=True),
        Form({"predictions": P, "targets": f"tf.cast({LABELS}, tf.int32)", "k": "2"}, open=False, only="^K", style="position", free=True),
    ),
    "searchsorted": (Form({"sorted": "[0.1, 0.5, 0.7]", "x": P}, shape="B", open=False, but="digitize"), Form({"sorted": "[0.1, 0.5, 0.7]", "x": P}, only="digitize")),
    # --- scatters ----------------------------------------------------------------------------------------------------
    "scatter_nd": (
        Form({"indices": "[[0], [2]]", "x": f"{P}[:2]", "shape": "[5, 4]"}, open=False, but="parse"),
        Form({"indices": f"tf.zeros_like({T}[:, :1], dtype=tf.int32)", "x": P, "shape": "[5, 4]"}, open=False, but="parse", unknown="columns"),
        Form({"indices": "[[0, 0], [2, 1]]", "x": f"{P}[:2, 0]", "shape": "[5, 4]"}, open=False, only="SparseTensor", result="tf.sparse.to_dense({})", xla=False),
        Form({"indices": "[[0], [2]]", "x": f"{P}[:2, 0]", "shape": "[5]"}, open=False, only="sparse_to_dense", xla=False),
    ),
    "scatter_update": (Form({"x": P, "indices": "[[0], [1]]", "updates": f"{T}[:2]"}, open=False),),
    "scatter_add": (Form({"x": P, "indices": "[[0], [1]]", "updates": f"{T}[:2]"}, open=False),),
    "segment_sum": (
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)", "count": "2"}, open=False),
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)"}, open=False, unknown="shape degree", but="unsorted|ops", xla=False),
    ),
    "segment_mean": (
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)", "count": "2"}, open=False),
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)"}, open=False, unknown="shape", but="unsorted", xla=False),
    ),
    "segment_extreme": (
        Form({"x": P, "ids": f"tf.cast({EITHER}, tf.int32)[:, 0]", "count": "2"}, open=False),
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)"}, open=False, unknown="shape", but="unsorted|ops", xla=False),
    ),
    "segment_product": (
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)", "count": "2"}, open=False, unknown="degree", flat=True),
        Form({"x": P, "ids": f"tf.zeros_like({T}[:, 0], dtype=tf.int32)"}, open=False, unknown="shape degree", but="unsorted", xla=False, flat=True),
    ),
    "bincount": (
        Form({"x": LABELS, "minlength": "4"}, open=False, xla=False),
        Form({"x": f"tf.cast({LABELS}, tf.int32)", "weights": ROW, "minlength": "4"}, open=False, only="^tf", xla=False, unknown="gradient"),
    ),
    "histogram": (Form({"x": P, "range": "[0.0, 1.0]", "nbins": "5"}, open=False, xla=False),),
    "confusion_matrix": (Form({"labels": LABELS, "x": f"tf.argmax({P}, -1)", "count": "4"}, open=False, xla=False),),
    "multi_hot": (Form({"x": f"tf.cast({P} * 4, tf.int32)", "count": "4"}, open=False),),
    # --- sizes -------------------------------------------------------------------------------------------------------
    "shape": (
        Form({"x": P}, result="{}[0]", but="as_list"),
        Form({"x": P}, result="{}[-1]", but="as_list"),
        Form({"x": P}, result="{}[1]", but="as_list"),
        Form({"x": P}, result="tf.reduce_prod({})", only=r"^tf\.", open=False),
        Form({"x": f"{P}.shape"}, result="{}[0]", only="as_list"),
    ),
    "size": (Form({"x": P}, but="num_elements|count_params"), Form({"x": "tf.Variable([1.0] * 4)"}, only="count_params", xla=False)),
    "num_elements": (Form({"x": f"{P}.shape"}),),
    "rank": (Form({"x": P}, but="get_rank"),),
    # --- selections --------------------------------------------------------------------------------------------------
    "where": (
        Form({"condition": EITHER, "x": P, "y": T}),
        Form({"condition": f"{P} > 0", "x": P, "y": f"tf.zeros_like({P})"}),
        Form({"condition": f"{P} > 0", "x": P, "y": "1e-7"}, but="v1"),
        Form({"condition": EITHER}, only=r"^tf\.(compat\.v1\.)?where", xla=False, open=False, unknown="columns degree"),
        Form({"condition": EITHER}, only=r"^np|ops", result="{}[0]", xla=False, unknown="columns degree", open=False),
    ),
    "cond": (Form({"condition": f"tf.reduce_any({EITHER})", "x": f"lambda: {P}", "y": f"lambda: {T}"}),),
    "switch": (Form({"condition": EITHER, "x": P, "y": T}),),
    "case": (
        Form({"branches": f"[(tf.reduce_any({EITHER}), lambda: {P})]", "default": f"lambda: {T} * 2.0"}, only=r"\.case$"),
        Form({"index": "tf.constant(0)", "branches": f"[lambda: {P}, lambda: {T} * 2.0]"}, only="switch_case$"),
    ),
    "boolean_mask": (
        Form({"x": P, "mask": EITHER}, xla=False, but="compress"),
        Form({"x": P, "mask": f"{T}[:, 0] > 0.5"}, open=False, xla=False, but="extract|compress"),
        Form({"x": P, "mask": f"{T}[:, 0] > 0.5", "axis": "0"}, open=False, xla=False, but="extract"),
    ),
    "nan_to_num": (Form({"x": P}),),
    "in_train_phase": (),
    "nonzero": (
        Form({"condition": EITHER}, only="argwhere", unknown="degree", open=False),
        Form({"condition": EITHER}, only="nonzero$", but="flat", result="{}[0]", unknown="columns degree", open=False, xla=False),
        Form({"condition": EITHER}, only="flat", unknown="degree", open=False),
    ),
}  # fmt: skip
