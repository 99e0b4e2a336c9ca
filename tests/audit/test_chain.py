"""What `losslint why` measures in real trainings, against numpy in float64: under each Keras that there is an interpreter for.

Interpreters besides the tests' own are named in LOSSLINT_TEST_PYTHONS, separated by colons.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from losslint.audit.chain import Chain, chain
from losslint.audit.evaluated import evaluated
from losslint.audit.run import record

pytestmark = pytest.mark.tensorflow
PYTHONS = [sys.executable, *filter(None, os.environ.get("LOSSLINT_TEST_PYTHONS", "").split(os.pathsep))]
TRAINING = Path(__file__).with_name("training.py")

# case -> causes that must be found; `moved` and `data` may be there wherever the weights move and batches are shuffled
PLANTED: dict[str, set[str]] = {
    "plain": {"moved"},
    "rate_zero": set(),
    "one_batch": set(),
    "batch_sum": {"moved", "data", "whole"},
    "divided_by_a_constant": {"moved", "data", "whole"},
    "regulariser": {"penalties", "moved"},
    "added_loss": {"penalties", "moved"},
    "dropout": {"mode", "moved"},
    "normalisation": {"mode", "moved"},
    "class_weight": {"weights", "moved"},
    "weights_of_one": {"moved"},
    "sample_weight": {"weights", "moved"},
    "mask": {"mask"},
    "saturated": {"logits"},
    "dice": {"data", "whole"},
    "two_heads": {"loss-weights", "moved"},
    "hidden_penalty": {"moved"},
    "several_steps_at_once": {"moved"},
    "compiled_by_xla": {"penalties", "moved"},
    "eager": {"mode", "moved"},
    "noisy_pipeline": {"moved"},
    "column_against_row": {"call", "moved", "data", "whole"},
    "own_compute_loss": {"moved"},
    "everything": {"penalties", "loss-weights", "weights", "mode", "moved"},
    "held_out": {"penalties", "weights", "mode", "moved"},
    "held_out_by_fraction": {"moved", "data", "whole"},
    "half_precision": {"mode", "moved"},
    "named_inputs_and_outputs": {"loss-weights", "moved"},
    "rows_against_a_column": {"moved"},
    "generator": {"moved"},
    "generator_that_ends": {"moved"},
    "sequence": {"moved"},
    "ragged_batches": {"moved"},
    "rows_that_meet": {"moved", "data"},
}
HELD = {"held_out": {"penalties", "weights"}, "held_out_by_fraction": {"whole"}}
EVALUATED = {
    "plain": {"moved"},
    "one_batch": set(),
    "batch_sum": {"moved"},
    "regulariser": {"moved"},
    "dropout": {"mode", "moved"},
    "class_weight": {"weights", "moved"},
    "mask": {"moved"},
    "eager": {"mode", "moved"},
    "everything": {"weights", "mode", "moved"},
}
ALLOWED = {
    "mask": {"moved"},
    "saturated": {"rounding"},
    "own_compute_loss": {"own"},
    "rows_against_a_column": {"call", "data", "whole", "rounding"},  # Keras 2 takes them as they are, and spreads each row over all
}


@dataclass(frozen=True)
class Trained:
    """All cases trained twice: what the audit told, and what came out with it and without."""

    chains: dict[str, Chain]
    audited: dict[str, Any]
    plain: dict[str, Any]


@pytest.fixture(scope="module", params=PYTHONS)
def train(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Trained]]:
    python, folder = request.param, tmp_path_factory.mktemp("trained")
    legacy = subprocess.run([python, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('tf_keras') is None)"], check=False)

    def run(read: Callable[[Any], Chain], names: Sequence[str] = (), **options: Any) -> Trained:
        told = record(str(TRAINING), [str(folder / "audited.json"), *names], python, options)
        subprocess.run([python, TRAINING, folder / "plain.json", *names], check=True, capture_output=True)
        assert told.status == 0 and not told.failures
        audited, plain = (json.loads((folder / name).read_text()) for name in ("audited.json", "plain.json"))
        return Trained({name: read(epoch) for name, epoch in zip(plain, told.epochs, strict=True)}, audited, plain)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS", "keras" if legacy.returncode else "tf_keras")
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield run


@pytest.fixture(scope="module")
def trained(train: Callable[..., Trained]) -> Trained:
    return train(chain)


def test_training_is_what_it_was_to_the_last_bit(trained: Trained) -> None:
    assert trained.audited == trained.plain  # weights, what was shown, numpy's and TensorFlow's random streams


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_cause_is_found_and_no_other(trained: Trained, name: str) -> None:
    found = {cause for step in trained.chains[name].steps for cause in step.causes}
    assert PLANTED[name] <= found <= PLANTED[name] | ALLOWED.get(name, set())


@pytest.mark.parametrize("name", PLANTED)
def test_nothing_is_left(trained: Trained, name: str) -> None:
    told = trained.chains[name]
    assert told.explained
    assert told.mine is not None and told.steps[-1].value == pytest.approx(told.mine, rel=told.small) if told.steps else True
    assert told.shown == pytest.approx(trained.plain[name]["shown"][-1], rel=1e-6)


def test_the_number_of_the_user_is_that_of_numpy(trained: Trained) -> None:
    known = {name: told["mine"] for name, told in trained.plain.items() if "mine" in told}
    assert len(known) > 15
    assert {name: trained.chains[name].mine for name in known} == pytest.approx(known, rel=1e-6)


def test_a_penalty_inside_the_loss_is_measured(trained: Trained) -> None:
    kernel = trained.plain["hidden_penalty"]["weights"][0]
    assert trained.chains["hidden_penalty"].hidden == pytest.approx(sum(abs(value) for row in kernel for value in row), rel=1e-5)
    assert trained.chains["plain"].hidden == 0


def test_half_precision_is_said(trained: Trained) -> None:
    told = trained.chains["half_precision"]
    assert told.small > 1e-4 and any("float16" in note for note in told.notes)


def test_the_number_shown_for_validation_data_is_explained(train: Callable[..., Trained]) -> None:
    ran = train(chain, [*HELD], validation=True)
    assert ran.audited == ran.plain
    for name, planted in HELD.items():
        told = ran.chains[name]
        assert {cause for step in told.steps for cause in step.causes} == planted
        assert told.explained and told.metric == "val_loss"
        assert told.shown == pytest.approx(ran.plain[name]["held"][-1], rel=1e-6)


def test_the_number_of_evaluate_is_explained(train: Callable[..., Trained]) -> None:
    ran = train(evaluated, [*EVALUATED], evaluate=True)
    assert ran.audited == ran.plain
    for name, planted in EVALUATED.items():
        told = ran.chains[name]
        assert {cause for step in told.steps for cause in step.causes} - {"data"} == planted - {"data"}, name
        assert told.explained, name
        assert told.mine == pytest.approx(ran.plain[name]["evaluated"], rel=1e-6), name


def test_of_a_training_on_several_replicas_the_ends_are_measured_and_the_rest_is_said(train: Callable[..., Trained]) -> None:
    ran = train(chain, ["distributed"])
    assert ran.audited == ran.plain
    told = ran.chains["distributed"]
    assert told.explained and (told.batches, told.rows) == (5, 70)
    assert told.nodes["total"] == pytest.approx(ran.plain["distributed"]["shown"][-1], rel=1e-6)
    assert told.mine == pytest.approx(ran.plain["distributed"]["mine"], rel=1e-6)
    assert any("several replicas" in note for note in told.notes)


def test_chance_is_told(trained: Trained) -> None:
    assert any("random numbers" in note for note in trained.chains["random_loss"].notes)
