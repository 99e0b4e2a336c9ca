"""What was said wrongly of packages that people use: each kind stays silent, and its neighbour that is wrong is still found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAD = "import tensorflow as tf\n\n\n"

# name: the code that was wrong, a loss that deserves no finding, what to change in it (old, new), so that it deserves one
KINDS = {
    "no gradient leaves a selection that takes a constant": (
        "LL304",
        """\
def spread_loss(y_true, y_pred):
    squares = tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
    equal = tf.equal(squares, 0.0)
    length = tf.sqrt(tf.where(equal, tf.zeros([]), squares))
    return 1.0 - tf.exp(-tf.where(equal, tf.zeros([]), length))
""",
        ("tf.sqrt(tf.where(equal, tf.zeros([]), squares))", "tf.sqrt(squares)"),
    ),
    "nor is a root behind one singular": (
        "LL306",
        """\
def length_loss(y_true, y_pred):
    squares = tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
    return tf.reduce_mean(tf.sqrt(tf.where(squares > 0.0, squares, 0.0)))
""",
        ("tf.where(squares > 0.0, squares, 0.0)", "tf.where(squares >= 0.0, squares, 0.0)"),
    ),
    "a sum beside its count": (
        "LL101",
        """\
def word_loss(logits, labels):
    weights = tf.cast(tf.not_equal(labels, 0), tf.float32)
    rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(rows * weights), tf.reduce_sum(weights)
""",
        (", tf.reduce_sum(weights)", ", tf.reduce_mean(logits)"),
    ),
    "neighbours taken from one another do not add up": (
        "LL101",
        """\
def sorted_loss(logits, labels):
    errors, places = tf.nn.top_k(1.0 - tf.reshape(logits, [-1]), k=tf.size(logits))
    hits = tf.gather(tf.reshape(labels, [-1]), places)
    share = 1.0 - tf.cumsum(hits) / (1.0 + tf.reduce_sum(hits))
    steps = tf.concat([share[:1], share[1:] - share[:-1]], 0)
    return tf.tensordot(tf.nn.relu(errors), tf.stop_gradient(steps), 1)
""",
        ("share[1:] - share[:-1]", "share[1:]"),
    ),
    "each replica divides by the global batch size": (
        "LL103",
        """\
class Trainer:
    def __init__(self, model, global_batch_size=256):
        self.model, self.scale = model, 1.0 / global_batch_size

    def train_step(self, images, labels):
        with tf.GradientTape() as tape:
            rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=self.model(images))
            loss = tf.reduce_sum(rows) * self.scale
        return tape.gradient(loss, self.model.trainable_variables)
""",
        ("global_batch_size", "batch_size"),
    ),
    "a metric adds up what it divides later": (
        "LL101",
        """\
class Noise(tf.keras.metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        sq_error = tf.reduce_sum(tf.square(y_true - y_pred))
        self.total.assign_add(sq_error)
        self.count.assign_add(tf.cast(tf.shape(y_true)[0], tf.float32))
""",
        ("update_state", "noise_loss"),
    ),
    "two names that say nothing do not say which is the prediction": (
        "LL401",
        """\
def focal_loss(x, y):
    given, other = x, y
    labels = tf.one_hot(tf.cast(other, tf.int32), depth=20)
    return tf.keras.losses.binary_crossentropy(labels, given) + tf.reduce_mean(tf.abs(other))
""",
        ("(x, y):\n    given, other = x, y", "(y_true, y_pred):\n    given, other = y_true, y_pred"),
    ),
    "how boxes are encoded is no loss": (
        "LL301",
        """\
def box_offsets(gt_boxes, pred_boxes):
    return tf.math.log(gt_boxes[..., 2:] / (pred_boxes[..., 2:] + 1e-6))
""",
        ("box_offsets", "box_loss"),
    ),
    "the number of items of a list": (
        "LL102",
        """\
def video_loss(frames, targets):
    total = 0.0
    for frame, target in zip(frames, targets):
        total += tf.reduce_mean(tf.square(frame - target))
    return total / len(frames)
""",
        ("len(frames)", "tf.cast(tf.shape(frames)[0], tf.float32)"),
    ),
    "a size that is None until the batch says it": (
        "LL103",
        """\
class LevelLoss(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        rows = []
        batch_size = None
        for level in y_pred.keys():
            if batch_size is None:
                batch_size = y_pred[level].shape[0] or tf.shape(y_pred[level])[0]
            rows.append(tf.reshape(y_pred[level], [batch_size, -1, 4]))
        return tf.reduce_mean(tf.abs(tf.concat(rows, axis=1)), axis=[1, 2])
""",
        ("[batch_size, -1, 4]", "[self.batch_size, -1, 4]"),
    ),
    "targets of classes are no setting": (
        "LL101",
        """\
def box_loss(box_targets, box_outputs, class_targets):
    mask = tf.cast(tf.greater(class_targets, 0), tf.float32)
    rows = tf.reduce_sum(tf.abs(box_targets - box_outputs), axis=-1)
    return tf.reduce_sum(rows * mask) / (tf.reduce_sum(mask) + 0.01)
""",
        ("(tf.reduce_sum(mask) + 0.01)", "(tf.reduce_max(mask) + 0.01)"),
    ),
    "each tensor of a dictionary has the batch axis": (
        "LL101",
        """\
def train_step(inputs, model, optimizer):
    with tf.GradientTape() as tape:
        mask = tf.cast(tf.not_equal(inputs["targets"], 0), tf.float32)
        rows = tf.keras.losses.sparse_categorical_crossentropy(inputs["targets"], model(inputs))
        loss = tf.reduce_sum(rows * mask) / tf.reduce_sum(mask)
    return tape.gradient(loss, model.trainable_variables)
""",
        (" / tf.reduce_sum(mask)", ""),
    ),
    "and what is called a number there may be one of samples": (
        "LL101",
        """\
def mask_loss(labels, outputs):
    number = tf.cast(labels["num_instances"], tf.float32) + 1.0
    return tf.reduce_sum(tf.abs(labels["masks"] - outputs["masks"])) / number[0]
""",
        ("num_instances", "margins"),
    ),
    "a predictor is a model": (
        "LL101",
        """\
class Siamese(tf.keras.Model):
    def __init__(self, backbone, predictor):
        super().__init__()
        self.backbone, self.predictor = backbone, predictor

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.backbone(data)) + sum(self.predictor.losses)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
""",
        ("sum(self.predictor.losses)", "tf.reduce_sum(self.backbone(data))"),
    ),
    "a shift with its NaN replaced": (
        "LL307",
        """\
def clean(values):
    return tf.where(tf.math.is_nan(values), tf.zeros_like(values), values)


def partition_loss(y_true, y_pred):
    top = tf.reduce_max(y_pred, axis=-1, keepdims=True)
    return tf.math.log(tf.reduce_sum(tf.exp(clean(y_pred - top)), axis=-1))
""",
        ("y_pred - top", "-tf.abs(y_pred)"),
    ),
    "tensors of another framework": (
        "LL403",
        """\
def margin_loss(y_true: torch.Tensor, y_pred: torch.Tensor):
    error = (y_pred - y_true).mean()
    if error > 0:
        return error
    return -error
""",
        ("torch.Tensor", "tf.Tensor"),
    ),
    "equality in TensorFlow 1 is identity": (
        "LL403",
        """\
def volume_loss(y_true, y_pred):
    number = tf.to_float(tf.reduce_sum(y_true))
    if number == 1:
        return tf.reduce_mean(y_pred)
    return tf.reduce_mean(tf.abs(y_true - y_pred))
""",
        ("number == 1", "number > 1"),
    ),
    "the framework under its usual name is no model": (
        "LL201",
        """\
def distance_loss(y_true, y_pred):
    return keras.losses.mean_squared_error(y_true, y_pred)
""",
        ("keras.losses.mean_squared_error(y_true, y_pred)", "tf.add_n(net.losses) + tf.reduce_mean(tf.square(y_true - y_pred))"),
    ),
    "an action is drawn with logarithms that may be minus infinity": (
        "LL301",
        """\
def policy_loss(y_true, y_pred):
    action = tf.random.categorical(tf.math.log(y_pred), 1)
    return tf.reduce_mean(tf.square(y_true - y_pred) * tf.cast(action, tf.float32), axis=-1)
""",
        ("tf.cast(action, tf.float32)", "tf.math.log(y_pred)"),
    ),
    "before the rest of each sample comes the number of samples": (
        "LL101",
        """\
def length_loss(y_true, y_pred, out_shape):
    rows = tf.reshape(y_true - y_pred, [out_shape[0], -1])
    return tf.reduce_mean(tf.norm(rows + 1e-6, axis=-1))
""",
        (", axis=-1", ""),
    ),
    "what is turned over is a matrix": (
        "LL101",
        """\
def npairs_loss(y_true, y_pred):
    y_true = tf.expand_dims(y_true, -1)
    same = tf.cast(tf.equal(y_true, tf.transpose(y_true)), y_pred.dtype)
    same /= tf.reduce_sum(same, 1, keepdims=True)
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=y_pred, labels=same))
""",
        ("tf.reduce_mean(tf.nn", "tf.reduce_sum(tf.nn"),
    ),
    "of the classes one is right, and not all are": (
        "LL305",
        """\
def neighbour_loss(distances, one_hot_labels):
    right = tf.reduce_sum(tf.exp(distances) * one_hot_labels, axis=1)
    wrong = tf.reduce_sum(tf.exp(distances) * (1.0 - one_hot_labels), axis=1)
    return tf.reduce_mean(right / wrong + wrong / right)
""",
        ("one_hot_labels", "labels"),
    ),
    "a loss that is called so": (
        "LL101",
        """\
def contrastive(a, b, same):
    distance = tf.reduce_sum(tf.abs(a - b), axis=1)
    loss = same * distance + (1.0 - same) * tf.maximum(0.0, 1.0 - distance)
    return tf.reduce_mean(loss)
""",
        ("tf.reduce_mean(loss)", "tf.reduce_sum(loss)"),
    ),
    "a model may give its loss beside its scores": (
        "LL101",
        """\
def train_step(model, optimizer, batch):
    with tf.GradientTape() as tape:
        outputs = model(batch, training=True)
        total = tf.reduce_sum(outputs.loss)
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(total, weights), weights))
""",
        ("outputs.loss", "outputs.scores"),
    ),
    "and so is what is made of losses": (
        "LL101",
        """\
def triplet(anchor, positive, negative):
    near_loss = tf.reduce_sum(tf.square(anchor - positive), axis=1)
    far_loss = tf.nn.relu(1.0 - tf.reduce_sum(tf.square(anchor - negative), axis=1))
    return tf.reduce_mean(near_loss) + tf.reduce_mean(far_loss)
""",
        ("tf.reduce_mean(far_loss)", "tf.reduce_sum(far_loss)"),
    ),
    "what a strategy runs sees a part of the batch": (
        "LL103",
        """\
BATCH_SIZE = 32
strategy = tf.distribute.MirroredStrategy()


def part_of_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / BATCH_SIZE


def step(batch):
    return part_of_loss(*batch)


def whole_loss(batch):
    return strategy.reduce("SUM", strategy.run(step, args=(batch,)), axis=None)
""",
        ("strategy.run(step", "session.run(step"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_is_silent_and_its_neighbour_is_not(kind: str, codes: Callable[[str], set[str]]) -> None:
    code, text, (old, new) = KINDS[kind]
    assert old in text
    assert code not in codes(HEAD + text)
    assert code in codes(HEAD + text.replace(old, new))
