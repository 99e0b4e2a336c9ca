"""What each cause of a difference means, what to do about it, and which rules of the linter speak of it in the loss's code."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Cause(Struct, frozen=True):
    """One cause.

    Attributes
    ----------
    means
        Why the numbers differ, in one or two sentences; ``{loss}`` is the name of the loss.
    do
        What to compare with, or to change.
    rules
        Codes of the rules whose findings explain it.
    usual
        Whether it is how Keras trains and shows a loss, in right code too.
    """

    means: str
    do: str = ""
    rules: tuple[str, ...] = ()
    usual: bool = False


CAUSES: Mapping[str, Cause] = {
    "running": Cause("Keras shows a running mean in float32, which strays a little over many batches.", "Nothing is wrong.", usual=True),
    "penalties": Cause(
        "Keras adds the losses of layers (regularisers, `add_loss`) to the loss that it shows; yours has none of them.",
        "Compare with a metric of the same function, or add `sum(model.losses)`.",
        usual=True,
    ),
    "own": Cause("The model computes its loss in a `compute_loss` of its own, which adds this to the compiled loss.", "Look there."),
    "random": Cause("The loss draws random numbers, so that no two calls give the same.", "", ("LL203",)),
    "loss-weights": Cause("`compile(loss_weights=…)` multiplies the loss of each output.", "Multiply yours by them too.", usual=True),
    "weights": Cause(
        "Keras multiplies the loss of each row by its class or sample weight; your formula does not.",
        "Pass the weights to your formula, or compare without them.",
        ("LL104",),
        usual=True,
    ),
    "mask": Cause(
        "Masked steps (`mask_zero`, `Masking`) do not count in the loss that Keras shows.", "Leave them out of yours.", usual=True
    ),
    "logits": Cause(
        "Keras differentiates and shows the loss of the scores before the last softmax or sigmoid; you see clipped probabilities.",
        "Return the scores and give the loss `from_logits=True`.",
        ("LL503",),
        usual=True,
    ),
    "call": Cause(
        "Keras aligns the shapes and types of targets and predictions before it calls the loss; called directly, `{loss}` gets them as "
        "they are, and one value for each row may spread over all of them.",
        "Give targets the shape of the predictions.",
        ("LL105",),
    ),
    "mode": Cause(
        "While it trains, the model drops values, adds noise or normalises with the statistics of the batch; `predict` does not.",
        "Compare with `model.evaluate`, which does not either.",
        usual=True,
    ),
    "moved": Cause(
        "Keras averages over the batches while the weights still change; you compute with the weights at the end.",
        "Compare with `model.evaluate` after the epoch.",
        usual=True,
    ),
    "data": Cause(
        "The batches of the training are not your rows in order: shuffled, augmented, dropped or repeated, so that they are cut otherwise.",
        "Compare on the same rows; a loss that is a mean over samples does not care for their order.",
        ("LL102", "LL103", "LL106"),
        usual=True,
    ),
    "whole": Cause(
        "`{loss}` gives {value} for all rows at once and {before} for batches of {batch}: it is no mean over the rows.",
        "Return the mean over the rows.",
        ("LL101", "LL102", "LL103", "LL106"),
    ),
    "rounding": Cause(
        "`{loss}` gives another number in compiled code than when you call it: float32 rounds, and the compiler orders sums otherwise.",
        "Where this is large, a guard or a cancellation does not hold.",
        ("LL302", "LL303", "LL307"),
    ),
    "hidden": Cause(
        "`{loss}` adds something that depends on the weights alone, inside its own code: Keras shows it as part of the loss.",
        "Use a `kernel_regularizer`, and it is shown as what it is.",
        ("LL201",),
    ),
    "formula": Cause(
        "Your formula gives another number than `{loss}` for the same targets and predictions.", "Compare the two line by line."
    ),
}
