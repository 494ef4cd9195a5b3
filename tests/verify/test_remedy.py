import numpy as np
import pytest

from edgevision.errors import ImageSetError, UsageError
from edgevision.predictions import Predictions
from edgevision.tflite.serialize import serialize
from edgevision.verify.explain import explain, spread
from edgevision.verify.layers.snapshot import File
from edgevision.verify.what_if.remedy import Change, closeness, try_changes
from edgevision.verify.what_if.requantize import obstacle, trial_of
from edgevision.verify.what_if.trials import halves, measure_remedies
from tests.tflite.models import classifier as small
from tests.verify.planted import (
    classifier,
    depthwise_classifier,
    files,
    image_set,
    one_conv,
    pictures,
)


def scores(*rows: tuple[float, ...]) -> Predictions:
    ids = tuple(str(at) for at in range(len(rows)))
    return Predictions(ids=ids, scores=np.asarray(rows, np.float32), labels=None)


def test_closeness_counts_answers_and_noise() -> None:
    measured = closeness(scores((0.8, 0.2), (0.4, 0.6)), scores((0.9, 0.1), (0.6, 0.4)))
    assert measured.agreement.hits == 1
    # 0.01 + 0.01 + 0.04 + 0.04 of noise in 0.81 + 0.01 + 0.36 + 0.16.
    assert measured.sqnr_db == pytest.approx(10 * np.log10(1.34 / 0.1), abs=1e-4)


def test_each_change_is_tried_once_and_a_failing_one_says_why() -> None:
    seen: list[str] = []

    def trial(change: Change) -> Predictions:
        seen.append(change.words)
        if change.words == "bad":
            message = "no such range"
            raise ImageSetError(message)
        return scores((0.8, 0.2))

    good, bad = Change(words="good"), Change(words="bad")
    tried = try_changes([good, bad, good], trial, scores((0.9, 0.1)))
    assert seen == ["good", "bad"]
    assert tried[bad].effect is None
    assert tried[bad].reason == "no such range"
    effect = tried[good].effect
    assert effect is not None
    assert effect.agreement.value == 1


def test_planted_layer_is_the_worst_and_its_remedy_helps() -> None:
    images = image_set(pictures(8))
    original, quantized = files(classifier(outlier=60))
    found = explain(original, quantized, images)
    (worst,) = found.worst(1)
    assert worst.error.pair.float_operator == 0
    assert worst.cause.label == "outlier channel"
    assert [change.equalization for change in worst.changes] == [True, False]
    assert worst.changes[1].float_operators == ("^conv_2d_0$", "^conv_2d_1$")
    calibration, measured = halves(images)
    trial = trial_of(original, quantized, calibration=calibration, measured=measured)
    trials = measure_remedies(original, quantized, [worst], trial, measured)
    before, *after = (one.effect for one in (trials.unchanged, *trials.remedies))
    assert before is not None
    assert len(after) == 2
    for effect in after:
        assert effect is not None
        assert effect.sqnr_db > before.sqnr_db + 6
    assert trials.images == 4


def test_clipped_range_has_two_remedies() -> None:
    made = files(classifier(), calibration=pictures(contrast=0.2))
    found = explain(*made, image_set(pictures(4)))
    first = found.layers[0]
    assert first.cause.label == "clipped range"
    assert [change.ranges for change in first.changes] == ["min-max", None]
    assert first.changes[1].words == "keep conv_2d_0 and 1 beside it in float"


def test_outlier_before_a_depthwise_layer_is_equalized_away() -> None:
    graph = depthwise_classifier(outlier=30)
    images = image_set(pictures(8))
    original, quantized = files(graph)
    found = explain(original, quantized, images)
    first = found.layers[0]
    assert first.cause.label == "outlier channel"
    assert first.changes[0].equalization
    calibration, measured = halves(images)
    trial = trial_of(original, quantized, calibration=calibration, measured=measured)
    trials = measure_remedies(original, quantized, [first], trial, measured)
    before, after = trials.unchanged.effect, trials.remedies[0].effect
    assert before is not None
    assert after is not None
    assert after.sqnr_db > before.sqnr_db + 1.5


def test_without_the_plant_another_layer_is_the_worst() -> None:
    found = explain(*files(classifier()), image_set(pictures(4)))
    assert {layer.cause.label for layer in found.layers} == {"rounding"}
    assert found.layers[0].answer_sqnr_db > 30


def test_model_that_is_no_classifier_has_errors_but_no_answers() -> None:
    found = explain(*files(one_conv(np.ones(8))), image_set(pictures(2)))
    assert found.answers is None
    assert len(found.layers) == 1


def test_files_in_the_wrong_order_are_refused() -> None:
    original, quantized = files(classifier())
    with pytest.raises(UsageError, match="the first file is int8, not float"):
        explain(quantized, original, image_set(pictures(1)))
    with pytest.raises(UsageError, match="the second file is float32"):
        explain(original, original, image_set(pictures(1)))


def test_files_of_other_networks_are_refused() -> None:
    original, _ = files(classifier())
    _, other = files(one_conv(np.ones(8)))
    with pytest.raises(UsageError, match="no layer in common"):
        explain(original, other, image_set(pictures(1)))


def test_same_network_with_other_weights_is_refused() -> None:
    original, _ = files(classifier())
    graph = classifier()
    for op in (graph.operators[0], graph.operators[1]):
        at = op.inputs[1]
        graph.tensors[at].data = np.flip(graph.known(at), axis=(1, 2, 3)).copy()
    _, other = files(graph)
    with pytest.raises(UsageError, match="the two files have other weights"):
        explain(original, other, image_set(pictures(1)))


def test_dynamic_file_is_explained_without_remedies() -> None:
    from edgevision.quantize.quantize import quantize
    from edgevision.recipe.recipe import Recipe
    from edgevision.tflite.view import read_model
    from tests.verify.planted import PREPROCESSING

    content = serialize(one_conv(np.ones(64)))
    recipe = Recipe(precision="dynamic", input_type="float32")
    made = quantize(content, preprocessing=PREPROCESSING, images=None, recipe=recipe)
    original, dynamic = (
        File(content=one, model=read_model(one), preprocessing=PREPROCESSING)
        for one in (content, made.content)
    )
    found = explain(original, dynamic, image_set(pictures(2)))
    assert found.layers[0].cause.label == "rounding"
    assert 20 < found.layers[0].error.sqnr_db < 60
    assert "dynamic" in (obstacle(dynamic.model) or "")


def test_int8_file_has_no_obstacle() -> None:
    from edgevision.tflite.view import read_model

    assert obstacle(read_model(small("uint8"))) is None


def test_images_are_spread_and_halved() -> None:
    images = image_set(pictures(10))
    assert [item.id for item in spread(images, 4)] == ["0", "2", "5", "7"]
    assert spread(images, 20) is images
    first, second = halves(images)
    assert {item.id for item in first} & {item.id for item in second} == set()
    assert len(first) == len(second) == 5
