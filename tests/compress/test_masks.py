"""Magnitude pruning: which weights are zero, when, and what it is worth."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.compress.finetune.fine_tune import fine_tune, steps_of
from edgevision.compress.graph.removal import rebuild
from edgevision.compress.graph.trace import trace
from edgevision.compress.masking.masks import (
    Masker,
    mask_once,
    masked_kernels,
    smallest_masked,
    sparsity_of,
    two_of_four_masked,
)
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.masking.schedules import schedule_for
from edgevision.errors import UsageError
from edgevision.keras_model.child import child_environment
from tests.compress.models import randomize, resnet_like
from tests.compress.small_set import examples
from tests.compress.test_fine_tune import QUICK, quarters_net

HALF = MaskingPlan(sparsity=0.5)


@given(st.floats(0.01, 0.99), st.integers(0, 9))
def test_exactly_the_smallest_weights_go(sparsity: float, seed: int) -> None:
    kernel = np.random.default_rng(seed).normal(size=(3, 3, 4, 5))
    mask = smallest_masked(kernel, sparsity)
    assert (~mask).sum() == round(sparsity * kernel.size)
    if mask.any() and not mask.all():
        assert np.abs(kernel[~mask]).max() <= np.abs(kernel[mask]).min()


def test_equal_weights_still_give_the_share_asked_for() -> None:
    assert (~smallest_masked(np.ones((4, 10)), 0.3)).sum() == 12


@given(st.integers(0, 9))
def test_two_of_every_four_along_the_inputs_stay(seed: int) -> None:
    kernel = np.random.default_rng(seed).normal(size=(3, 3, 8, 5))
    kept = np.where(two_of_four_masked(kernel), kernel, 0)
    for row in np.moveaxis(kept, -2, -1).reshape(-1, 4):
        assert (row != 0).sum() == 2
    original = np.moveaxis(kernel, -2, -1).reshape(-1, 4)
    largest = np.sort(np.abs(original), axis=1)[:, 2:]
    found = np.sort(np.abs(np.moveaxis(kept, -2, -1).reshape(-1, 4)), axis=1)[:, 2:]
    np.testing.assert_array_equal(found, largest)


def test_polynomial_decay_is_tf_mots() -> None:
    schedule = schedule_for(MaskingPlan(sparsity=0.8, end=1.0, every=10), 100)
    assert schedule(0) == (True, 0.0)
    assert schedule(5)[0] is False
    # Zhu & Gupta 2017, equation 1: the cube of what is left to go.
    assert schedule(50)[1] == pytest.approx(0.8 - 0.8 * 0.5**3)
    assert schedule(100)[1] == pytest.approx(0.8)


def test_constant_sparsity_begins_when_told() -> None:
    plan = MaskingPlan(sparsity=0.6, schedule="constant", begin=0.2, every=5)
    schedule = schedule_for(plan, 100)
    assert schedule(19)[0] is False
    assert schedule(20)[0] is True
    assert schedule(20)[1] == pytest.approx(0.6)


@pytest.mark.slow
def test_importing_the_schedules_leaves_keras_3_alone() -> None:
    program = (
        "import os, keras\n"
        "from edgevision.compress.masking.plan import MaskingPlan\n"
        "from edgevision.compress.masking.schedules import schedule_for\n"
        "schedule_for(MaskingPlan(sparsity=0.5), 100)(0)\n"
        "import tensorflow as tf\n"
        "print(os.environ.get('TF_USE_LEGACY_KERAS'), tf.keras.layers.Layer.__module__[:6])\n"
    )
    assert _said_by(program) == "None keras."


@pytest.mark.slow
def test_importing_tf_mot_itself_does_not() -> None:
    program = (
        "import os, tensorflow_model_optimization, tensorflow as tf\n"
        "print(os.environ.get('TF_USE_LEGACY_KERAS'), tf.keras.layers.Layer.__module__[:6])\n"
    )
    assert _said_by(program) == "1 tf_ker"


def _said_by(program: str) -> str:
    environment = child_environment(os.environ)
    del environment["TF_USE_LEGACY_KERAS"]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_depthwise_kernels_and_everything_small_stay_dense() -> None:
    image = keras.Input((8, 8, 4))
    x = keras.layers.DepthwiseConv2D(3)(image)
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 1, name="mixes")(x))
    model = keras.Model(image, keras.layers.GlobalMaxPooling2D()(x))
    assert [k.path for k in masked_kernels(model, HALF)] == ["mixes/kernel"]


def test_two_of_four_leaves_kernels_that_do_not_divide() -> None:
    model = resnet_like()
    plan = MaskingPlan(sparsity=0.5, two_of_four=True)
    names = {k.path for k in masked_kernels(model, plan)}
    # The stem reads 3 channels.
    assert names == {k.path for k in masked_kernels(model, HALF)} - {"stem/kernel"}


def test_zeros_stay_through_training_and_the_result_has_them() -> None:
    teacher = quarters_net()
    student = rebuild(trace(teacher), changes={}, cuts={})
    plan = MaskingPlan(sparsity=0.6, every=2, end=0.5)
    training = replace(QUICK, epochs=4)
    total = steps_of(examples(), training) * training.epochs
    masker = Masker(plan, schedule_for(plan, total))
    shares = []

    def watched(step: int, model: Any) -> None:
        masker.after_step(step, model)
        found = sparsity_of(model, plan)
        shares.append(found.zeros / found.weights)

    fine_tune(
        student,
        teacher,
        examples(),
        training,
        after_step=watched,
        best_after=round(plan.end * total),
    )
    assert shares == sorted(shares)
    assert shares[0] == 0
    found = sparsity_of(student, plan)
    assert found.zeros / found.weights == pytest.approx(0.6, abs=0.01)


def test_zeros_pay_only_when_compressed() -> None:
    model = resnet_like()
    randomize(model)
    dense = sparsity_of(model, HALF)
    mask_once(model, MaskingPlan(sparsity=0.8))
    sparse = sparsity_of(model, HALF)
    assert sparse.file_bytes == dense.file_bytes
    assert sparse.zipped_bytes < 0.5 * dense.zipped_bytes


@pytest.mark.parametrize(
    "wrong",
    [
        {"sparsity": 0.0},
        {"sparsity": 1.0},
        {"sparsity": 0.7, "two_of_four": True},
        {"sparsity": 0.5, "schedule": "sudden"},
        {"sparsity": 0.5, "begin": 0.8},
        {"sparsity": 0.5, "every": 0},
    ],
)
def test_plans_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        MaskingPlan(**wrong)
