import numpy as np
import pytest

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError, UsageError
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Agreement
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.serialize import serialize
from edgevision.verify.explain import Explanation, Layer, explain, spread
from edgevision.verify.layers.snapshot import File
from edgevision.verify.what_if.remedy import Change, try_changes
from edgevision.verify.what_if.requantize import obstacle, trial_of
from edgevision.verify.what_if.trials import Trials, halves, measure_remedies
from tests.tasks.models import answers, model
from tests.tflite.models import classifier as small
from tests.verify.planted import (
    classifier,
    depthwise_classifier,
    files,
    image_set,
    one_conv,
    pictures,
    regressor,
    task_of,
)

TENSORS = build_task(TaskSpec(kind="tensors"), model((1, 2)))


def values(*rows: tuple[float, ...]) -> Answers:
    return answers(TENSORS, np.asarray(rows))


def explained(original: File, quantized: File, images: ImageSet) -> Explanation:
    return explain(original, quantized, images, task=task_of(original))


def tried(original: File, quantized: File, layer: Layer, images: ImageSet) -> Trials:
    """What the remedies for `layer` do, calibrated and measured on halves of `images`."""
    task = task_of(original)
    calibration, measured = halves(images)
    trial = trial_of(original, quantized, calibration=calibration, measured=measured, task=task)
    return measure_remedies(original, quantized, [layer], trial, measured, task=task)


def figure(effect: Agreement | None, name: str) -> float:
    assert effect is not None
    metric = effect.metric(name)
    assert metric is not None
    return metric.estimate.value


def test_each_change_is_tried_once_and_a_failing_one_says_why() -> None:
    seen: list[str] = []

    def trial(change: Change) -> Answers:
        seen.append(change.words)
        if change.words == "bad":
            message = "no such range"
            raise ImageSetError(message)
        return values((0.9, 0.11))

    good, bad = Change(words="good"), Change(words="bad")
    found = try_changes([good, bad, good], trial, TENSORS, values((0.9, 0.1)))
    assert seen == ["good", "bad"]
    assert found[bad].effect is None
    assert found[bad].reason == "no such range"
    assert 35 < figure(found[good].effect, "worst_sqnr_db") < 45


def test_planted_layer_is_the_worst_and_its_remedy_helps() -> None:
    images = image_set(pictures(8))
    original, quantized = files(classifier(outlier=60))
    found = explained(original, quantized, images)
    # The planted layer, and the one whose weights undo what was planted.
    assert {layer.error.pair.float_operator for layer in found.worst(2)} == {0, 1}
    (worst,) = (one for one in found.worst(2) if one.cause.label == "outlier channel")
    assert worst.error.pair.float_operator == 0
    assert [change.equalization for change in worst.changes] == [True, False]
    assert worst.changes[1].float_operators == ("^conv_2d_0$", "^conv_2d_1$")
    trials = tried(original, quantized, worst, images)
    before, *after = (one.effect for one in (trials.unchanged, *trials.remedies))
    assert len(after) == 2
    for effect in after:
        # 6 dB of the scores: a quarter of their divergence.
        assert figure(effect, "mean_kl") < figure(before, "mean_kl") / 4
        assert figure(effect, "agreement") >= figure(before, "agreement")
    assert trials.images == 4


def test_clipped_range_has_two_remedies() -> None:
    made = files(classifier(), calibration=pictures(contrast=0.2))
    found = explained(*made, image_set(pictures(4)))
    first = found.layers[0]
    assert first.cause.label == "clipped range"
    assert [change.ranges for change in first.changes] == ["min-max", None]
    assert first.changes[1].words == "keep conv_2d_0 and 1 beside it in float"


def test_outlier_before_a_depthwise_layer_is_equalized_away() -> None:
    graph = depthwise_classifier(outlier=30)
    images = image_set(pictures(8))
    original, quantized = files(graph)
    found = explained(original, quantized, images)
    first = found.layers[0]
    assert first.cause.label == "outlier channel"
    assert first.changes[0].equalization
    trials = tried(original, quantized, first, images)
    before, after = trials.unchanged.effect, trials.remedies[0].effect
    assert figure(after, "mean_kl") < figure(before, "mean_kl") / 1.4


def test_without_the_plant_another_layer_is_the_worst() -> None:
    found = explained(*files(classifier()), image_set(pictures(4)))
    assert {layer.cause.label for layer in found.layers} == {"rounding"}
    # With the plant it is 13 dB.
    assert found.layers[0].answer_db > 25


def test_maps_of_numbers_agree_by_their_signal_to_noise_ratio() -> None:
    found = explained(*files(one_conv(np.ones(8))), image_set(pictures(2)))
    assert len(found.layers) == 1
    headline = found.answers.agreement.headline
    assert (headline.name, headline.unit) == ("worst_sqnr_db", "dB")
    # There is one layer, so what it adds is what the answer is off by.
    assert headline.estimate.value == pytest.approx(found.layers[0].error.own_sqnr_db, abs=0.5)
    assert found.answers.agreement.flips == ()


@pytest.mark.parametrize("outputs", [1, 2])
def test_remedies_of_numbers_are_measured_in_decibels(outputs: int) -> None:
    images = image_set(pictures(8))
    original, quantized = files(regressor(outputs=outputs))
    found = explained(original, quantized, images)
    assert len(found.layers) >= 3 + outputs
    (worst,) = (one for one in found.worst(2) if one.cause.label == "outlier channel")
    assert worst.error.pair.float_operator == 0
    trials = tried(original, quantized, worst, images)
    assert trials.given.headline.unit == "dB"
    assert sum(one.name.endswith(".sqnr_db") for one in trials.given.metrics) == outputs
    before = figure(trials.unchanged.effect, "worst_sqnr_db")
    for remedy in trials.remedies:
        assert figure(remedy.effect, "worst_sqnr_db") > before + 0.5


def test_files_in_the_wrong_order_are_refused() -> None:
    original, quantized = files(classifier())
    with pytest.raises(UsageError, match="the first file is int8, not float"):
        explained(quantized, original, image_set(pictures(1)))
    with pytest.raises(UsageError, match="the second file is float32"):
        explained(original, original, image_set(pictures(1)))


def test_files_of_other_networks_are_refused() -> None:
    original, _ = files(classifier())
    _, other = files(one_conv(np.ones(8)))
    with pytest.raises(UsageError, match="no layer in common"):
        explained(original, other, image_set(pictures(1)))


def test_same_network_with_other_weights_is_refused() -> None:
    original, _ = files(classifier())
    graph = classifier()
    for op in (graph.operators[0], graph.operators[1]):
        at = op.inputs[1]
        graph.tensors[at].data = np.flip(graph.known(at), axis=(1, 2, 3)).copy()
    _, other = files(graph)
    with pytest.raises(UsageError, match="the two files have other weights"):
        explained(original, other, image_set(pictures(1)))


def test_dynamic_file_is_explained_without_remedies() -> None:
    from edgevision.quantize.quantize import quantize
    from edgevision.recipe.recipe import Recipe
    from edgevision.tflite.read import read_model
    from tests.verify.planted import PREPROCESSING

    content = serialize(one_conv(np.ones(64)))
    recipe = Recipe(precision="dynamic", input_type="float32")
    made = quantize(content, preprocessing=PREPROCESSING, images=None, recipe=recipe)
    original, dynamic = (
        File(content=one, model=read_model(one), preprocessing=PREPROCESSING)
        for one in (content, made.content)
    )
    found = explained(original, dynamic, image_set(pictures(2)))
    assert found.layers[0].cause.label == "rounding"
    assert 20 < found.layers[0].error.sqnr_db < 60
    assert "dynamic" in (obstacle(dynamic.model) or "")


def test_int8_file_has_no_obstacle() -> None:
    from edgevision.tflite.read import read_model

    assert obstacle(read_model(small("uint8"))) is None


def test_images_are_spread_and_halved() -> None:
    images = image_set(pictures(10))
    assert [item.id for item in spread(images, 4)] == ["0", "2", "5", "7"]
    assert spread(images, 20) is images
    first, second = halves(images)
    assert {item.id for item in first} & {item.id for item in second} == set()
    assert len(first) == len(second) == 5
