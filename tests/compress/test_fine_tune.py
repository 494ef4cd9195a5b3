"""Fine-tuning brings a smaller model back, can be interrupted, and follows its settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.finetune.distillation import answers_of, distance, label_loss
from edgevision.compress.finetune.fine_tune import fine_tune
from edgevision.compress.finetune.training import Training, Weights
from edgevision.compress.graph.removal import rebuild
from edgevision.compress.graph.trace import trace
from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.prune import Pruned, prune
from edgevision.errors import ImageSetError, UsageError
from tests.compress.small_set import examples

layers = keras.layers
QUICK = Training(epochs=3, batch_size=16, learning_rate=0.01, augmentation="none", held_out=0.25)


def quarters_net() -> Any:
    """A network that could tell the bright quarter, not trained yet."""
    keras.utils.set_random_seed(3)
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv1")(image)
    x = layers.MaxPooling2D(4)(layers.Conv2D(8, 3, padding="same", name="conv2")(x))
    x = layers.Dense(16, activation="relu", name="wide")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(4, activation="softmax", name="head")(x))


@pytest.fixture(scope="module")
def teacher() -> Any:
    model = quarters_net()
    labels_only = Weights(teacher=0.0)
    tuned = fine_tune(model, model, examples(), replace(QUICK, epochs=8, weights=labels_only))
    assert tuned.score > 0.9
    return model


def half_of(model: Any) -> Pruned:
    target = Target(measure="channels", fraction=0.5)
    return prune(model, PruningPlan(target=target, round_to=1, importance="random"))


def weights_of(model: Any) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in model.weights]


@pytest.mark.parametrize("labelled", [True, False])
def test_accuracy_comes_back_with_and_without_labels(teacher: Any, labelled: bool) -> None:
    student = half_of(teacher).model
    tuned = fine_tune(student, teacher, examples(labelled=labelled), replace(QUICK, epochs=8))
    assert tuned.score_name == ("accuracy" if labelled else "agreement")
    assert tuned.score_before < 0.7
    assert tuned.score > 0.9


def test_the_original_is_not_changed(teacher: Any) -> None:
    before = weights_of(teacher)
    fine_tune(half_of(teacher).model, teacher, examples(), replace(QUICK, epochs=1))
    for old, new in zip(before, weights_of(teacher), strict=True):
        np.testing.assert_array_equal(old, new)


class InterruptedError_(Exception):  # noqa: N801, N818 - stands for Ctrl-C
    pass


def test_an_interrupted_run_continues_as_if_it_had_not_been(teacher: Any, tmp_path: Path) -> None:
    training = replace(QUICK, augmentation="flip-shift")
    whole, parts = half_of(teacher).model, half_of(teacher).model
    expected = fine_tune(whole, teacher, examples(), training)

    def interrupt(done: int, _total: int, _stage: str) -> None:
        if done == 7:
            raise InterruptedError_

    checkpoint = tmp_path / "state.npz"
    with pytest.raises(InterruptedError_):
        fine_tune(parts, teacher, examples(), training, checkpoint=checkpoint, progress=interrupt)
    steps: list[int] = []
    found = fine_tune(
        parts,
        teacher,
        examples(),
        training,
        checkpoint=checkpoint,
        progress=lambda done, _total, _stage: steps.append(done),
    )
    # Four steps an epoch: the first epoch was kept, the second starts again.
    assert steps[0] == 5
    assert [e.score for e in found.epochs] == [e.score for e in expected.epochs]
    for one, other in zip(weights_of(parts), weights_of(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_checkpoint_of_another_run_is_refused(teacher: Any, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    once = replace(QUICK, epochs=1)
    fine_tune(half_of(teacher).model, teacher, examples(), once, checkpoint=path)
    with pytest.raises(UsageError, match="other settings"):
        fine_tune(half_of(teacher).model, teacher, examples(), QUICK, checkpoint=path)


def test_a_damaged_checkpoint_is_refused(teacher: Any, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(b"half a file")
    with pytest.raises(UsageError, match="cannot be read"):
        fine_tune(half_of(teacher).model, teacher, examples(), QUICK, checkpoint=path)


def test_the_best_epoch_is_kept_not_the_last(teacher: Any) -> None:
    student = rebuild(trace(teacher), changes={}, cuts={})
    before = weights_of(student)
    # So large a rate that training can only do harm.
    harmful = replace(QUICK, learning_rate=10.0, epochs=2)
    tuned = fine_tune(student, teacher, examples(), harmful)
    assert tuned.best_epoch == 0
    for old, new in zip(before, weights_of(student), strict=True):
        np.testing.assert_array_equal(old, new)


def test_training_stops_early_when_nothing_gets_better(teacher: Any) -> None:
    student = rebuild(trace(teacher), changes={}, cuts={})
    harmful = replace(QUICK, learning_rate=10.0, epochs=9, patience=2)
    assert len(fine_tune(student, teacher, examples(), harmful).epochs) == 2


def test_the_same_seed_gives_the_same_model(teacher: Any) -> None:
    one, other = half_of(teacher).model, half_of(teacher).model
    for model in (one, other):
        fine_tune(model, teacher, examples(), replace(QUICK, epochs=1, augmentation="flip"))
    for a, b in zip(weights_of(one), weights_of(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_feature_loss_pulls_the_channels_left_towards_the_originals(teacher: Any) -> None:
    def feature_error(weight: float) -> float:
        pruned = half_of(teacher)
        assert pruned.feature is not None
        settings = replace(QUICK, epochs=4, weights=Weights(features=weight))
        fine_tune(pruned.model, teacher, examples(), settings, feature=pruned.feature)
        batch = examples().batch(np.arange(8))
        maps = [
            keras.Model(m.inputs[0], m.get_layer(pruned.feature.layer).output)(batch)
            for m in (pruned.model, teacher)
        ]
        wanted = np.asarray(maps[1])[..., pruned.feature.channels]
        return float(((np.asarray(maps[0]) - wanted) ** 2).mean())

    assert feature_error(50.0) < 0.7 * feature_error(0.0)


def test_labels_beyond_the_classes_are_refused(teacher: Any) -> None:
    wrong = replace(examples(), labels=np.full(96, 7))
    with pytest.raises(ImageSetError, match="label 7, but the model knows 4"):
        fine_tune(half_of(teacher).model, teacher, wrong, QUICK)


def test_nothing_to_learn_from_is_refused(teacher: Any) -> None:
    labels_only = replace(QUICK, weights=Weights(teacher=0.0))
    with pytest.raises(UsageError, match="no labels"):
        fine_tune(half_of(teacher).model, teacher, examples(labelled=False), labels_only)


def test_probabilities_and_logits_are_compared_alike() -> None:
    random = np.random.default_rng(0)
    ours, theirs = (keras.ops.convert_to_tensor(random.normal(size=(6, 5))) for _ in range(2))
    soft = [keras.ops.softmax(x) for x in (ours, theirs)]
    for temperature in (1.0, 4.0):
        by_logits = float(distance(ours, theirs, "logits", temperature))
        by_probabilities = float(distance(soft[0], soft[1], "softmax", temperature))
        assert by_probabilities == pytest.approx(by_logits, rel=1e-4)
        assert float(distance(ours, ours, "logits", temperature)) == pytest.approx(0, abs=1e-6)
    labels = random.integers(0, 5, 6)
    log_probabilities = np.log(np.asarray(soft[0]))[np.arange(6), labels]
    assert float(label_loss(soft[0], labels, "softmax")) == pytest.approx(
        -log_probabilities.mean(), rel=1e-4
    )


def test_what_an_output_means_is_read_from_the_model() -> None:
    image = keras.Input((4, 4, 3))
    x = layers.GlobalMaxPooling2D()(image)
    many = keras.Model(
        image,
        [
            layers.Dense(3, activation="softmax")(x),
            layers.Softmax()(layers.Dense(3)(x)),
            layers.Dense(3, activation="sigmoid")(x),
            layers.Dense(3)(x),
            layers.Conv2D(3, 1)(image),
        ],
    )
    assert answers_of(many) == ("softmax", "softmax", "sigmoid", "logits", "numbers")
