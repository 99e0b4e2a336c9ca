"""Products that sum over an axis: matmul and its relatives."""

from __future__ import annotations

from losslint.operations import functions as f
from losslint.operations.operation import Degree, Kind, Operation
from losslint.operations.spelling import each

C = Kind.CONTRACTION

OPERATIONS = (
    Operation("matmul", C, "x y transpose_x transpose_y", "tf.matmul ops.matmul(x,y) np.matmul(x,y) tf.batch_matmul tf.sparse_tensor_dense_matmul(x,y) tf.sparse.sparse_dense_matmul(x,y)", 2, None, Degree.PRODUCT, flat=f.zero_crossed,
              aliases="transpose_a=transpose_x transpose_b=transpose_y adjoint_a=transpose_x adjoint_b=transpose_y adj_x=transpose_x adj_y=transpose_y sp_a=x"),
    Operation("dot", C, "x y", each("K ops np", "dot") + " .dot np.inner", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("matvec", C, "x y", "tf.matvec", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("tensordot", C, "x y axes", each("tf ops np", "tensordot"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("einsum", C, "equation", each("tf ops np", "einsum"), 0, None, Degree.PRODUCT),
    Operation("batch_dot", C, "x y axes", "K.batch_dot", 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("layer_dot", C, "x axes normalize", "keras.layers.dot", 1, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("outer", C, "x y", each("np ops", "outer"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("cross", Kind.ELEMENTWISE, "x y", each("tf np ops", "cross"), 2, None, Degree.PRODUCT, flat=f.zero_crossed),
    Operation("matrix_function", Kind.LAYER, "x", "tf.inv tf.matrix_inverse tf.cholesky tf.matrix_square_root tf.sqrtm tf.expm tf.logm tf.matrix_triangular_solve tf.pinv tf.qr tf.svd tf.eigh tf.self_adjoint_eig tf.eig tf.lu tf.solve tf.triangular_solve tf.cholesky_solve tf.adjoint "
              "np.linalg.inv np.linalg.pinv np.linalg.svd np.linalg.eigh np.linalg.cholesky np.linalg.solve ops.inv ops.svd ops.cholesky ops.qr ops.solve ops.eigh tf.LinearOperator* tf.linalg.LinearOperator*", 1, shape="same"),
    Operation("determinant", Kind.REDUCTION, "x", "tf.det tf.matrix_determinant tf.slogdet tf.logdet np.linalg.det np.linalg.slogdet ops.det", 1, None),
    Operation("trace", Kind.REDUCTION, "x", "tf.trace np.trace ops.trace", 1, None),
)  # fmt: skip
