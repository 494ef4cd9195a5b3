"""Training on several devices, here two halves of one CPU."""

import json
import subprocess
import sys

import pytest

from edgevision.keras_model.child import child_environment

# TensorFlow can be divided into devices only before it starts, hence a process of its own.
_PROGRAM = """
import json, sys
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
from edgevision.compress.finetune.distillation import answers_of
from edgevision.compress.finetune.learner import Learner
from edgevision.compress.finetune.training import Weights
from tests.compress.small_set import examples
from tests.compress.test_fine_tune import half_of, quarters_net

def losses(strategy):
    teacher = quarters_net()
    learner = Learner(half_of(teacher).model, teacher, answers=answers_of(teacher),
        has_labels=True, weights=Weights(), feature=None, learning_rate=0.01, total_steps=8,
        strategy=strategy)
    data = examples()
    order = np.arange(96).reshape(8, 12)
    found = [learner.step(data.batch(batch), data.labels[batch]) for batch in order]
    return found, len(getattr(learner.student.weights[0].value, "values", [0]))

two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert two.num_replicas_in_sync == 2
one, _ = losses(tf.distribute.get_strategy())
both, copies = losses(two)
print(json.dumps([one, both, copies]))
"""


@pytest.mark.slow
def test_two_devices_learn_what_one_does() -> None:
    import os

    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=child_environment(os.environ) | {"PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, both, copies = json.loads(done.stdout.splitlines()[-1])
    # Each weight lives on both devices, and halves of a batch add up to the whole.
    assert copies == 2
    assert both == pytest.approx(one, rel=1e-3)
    assert one[-1] != pytest.approx(one[0], rel=1e-2)
