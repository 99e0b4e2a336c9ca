"""Products that sum over an axis: matmul and its relatives."""

from __future__ import annotations

from losslint.operations import functions as f
from losslint.operations.operation import Degree, Kind, Operation
from losslint.operations.spelling import each

C, Y = Kind.CONTRACTION, Kind.LAYER

CONTRACTIONS = (
    Operation("matmul", C, "x y transpose_x transpose_y", "tf.matmul ops.matmul(x,y) np.matmul(x,y) tf.batch_matmul tf.sparse_tensor_dense_matmul(x,y,transpose_x,transpose_y) tf.sparse.sparse_dense_matmul(x,y,transpose_x,transpose_y)", 2, None, Degree.PRODUCT, flat=f.zero_crossed,
              aliases="transpose_a=transpose_x transpose_b=transpose_y adjoint_a=transpose_x adjoint_b=transpose_y adj_x=transpose_x adj_y=transpose_y sp_a=x"),
    Operation("dot", C, "x y", each("K ops np", "dot") + " .dot", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("inner", C, "x y", each("np ops", "inner"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("matvec", C, "x y", "tf.matvec", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("tensordot", C, "x y axes", each("tf ops np", "tensordot"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("einsum", C, "equation", each("tf ops np", "einsum"), 0, None, Degree.PRODUCT, aliases="subscripts=equation"),
    Operation("batch_dot", C, "x y axes", "K.batch_dot", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("layer_dot", C, "x axes normalize", "keras.layers.dot", 1, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("outer", C, "x y", each("np ops", "outer"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("cross", Kind.ELEMENTWISE, "x y", each("tf np ops", "cross"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
)  # fmt: skip

LINEAR = (
    Operation("matrix_function", Y, "x", "tf.matrix_inverse tf.cholesky tf.matrix_square_root tf.sqrtm tf.expm tf.matrix_exponential tf.pinv np.linalg.inv np.linalg.cholesky np.linalg.matrix_power ops.inv ops.cholesky", shape="same"),
    Operation("matrix_logarithm", Y, "x", "tf.logm tf.matrix_logarithm", shape="same"),
    Operation("pseudo_inverse", Y, "x", "np.linalg.pinv", shape="turned"),
    Operation("solution", Y, "matrix x", "tf.solve tf.matrix_solve tf.triangular_solve tf.matrix_triangular_solve tf.cholesky_solve np.linalg.solve ops.solve ops.solve_triangular tf.lstsq tf.matrix_solve_ls", 2, shape="solution", aliases="rhs=x chol=matrix a=matrix b=x"),
    Operation("svd", Y, "x", "tf.svd np.linalg.svd ops.svd", shape="svd", aliases="tensor=x"),
    Operation("eigh", Y, "x", "tf.eigh tf.self_adjoint_eig np.linalg.eigh ops.eigh", shape="eigh", aliases="tensor=x"),
    Operation("eigenvalues", Y, "x", "tf.eigvalsh tf.self_adjoint_eigvals np.linalg.eigvalsh", shape="drop_last", aliases="tensor=x"),
    Operation("qr", Y, "x", "tf.qr np.linalg.qr ops.qr", shape="pair"),
    Operation("linear_other", Kind.OPAQUE, "x", "tf.LinearOperator* tf.eig tf.eigvals np.linalg.eig np.linalg.eigvals np.linalg.lstsq np.linalg.matrix_rank np.linalg.cond ops.eig ops.lu_factor ops.lstsq tf.lu tf.lu_solve tf.bitcast"),
)  # fmt: skip

OPERATIONS = (*CONTRACTIONS, *LINEAR)
