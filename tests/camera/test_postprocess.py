from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.camera.loop.postprocess import AnswerFilter, BoxReader, ClassReader, is_detector
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.session import TensorSpec
from edgevision.tensors import Quantization

ALL = AnswerFilter(top_k=10, threshold=0.0)


def specs_of(
    *arrays: NDArray[Any], quantization: Quantization | None = None
) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            index=index,
            name=f"out{index}",
            shape=array.shape,
            dtype=array.dtype,
            quantization=quantization,
        )
        for index, array in enumerate(arrays)
    )


def classes(
    scores: Any, labels: Any = (), answer_filter: AnswerFilter = ALL, activation: Any = None
) -> Any:
    output = np.asarray([scores], np.float32)
    (spec,) = specs_of(output)
    return ClassReader(spec, labels, answer_filter, activation)((output,), 640, 480)


def test_best_classes_come_first_and_at_most_so_many() -> None:
    answers = classes([0.1, 0.6, 0.05, 0.25], "abcd", AnswerFilter(top_k=2, threshold=0))
    assert [(answer.label, answer.index) for answer in answers] == [("b", 1), ("d", 3)]
    assert answers[0].score == pytest.approx(0.6)
    assert answers[0].xyxy is None


def test_answers_below_the_threshold_are_left_out() -> None:
    assert [a.label for a in classes([0.2, 0.8], "ab", AnswerFilter(top_k=5, threshold=0.5))] == [
        "b"
    ]


def test_lower_index_wins_among_equals_as_argmax_has_it() -> None:
    assert [a.index for a in classes([0.25, 0.25, 0.25, 0.25])] == [0, 1, 2, 3]


def test_quantized_scores_are_real_again() -> None:
    scores = np.array([[0, 255, 0]], np.uint8)
    (spec,) = specs_of(scores, quantization=Quantization(scale=1 / 256, zero_point=0))
    best = ClassReader(spec, "abc", ALL, "softmax")((scores,), 1, 1)[0]
    assert best.label == "b"
    assert best.score == pytest.approx(255 / 256)


def test_logits_become_probabilities() -> None:
    answers = classes([0.0, np.log(3.0)], "ab", activation="logits")
    assert answers[0].score == pytest.approx(0.75)


def test_without_a_card_scores_that_are_no_probabilities_go_through_softmax() -> None:
    assert sum(a.score for a in classes([4.0, -1.0, 2.0])) == pytest.approx(1.0)


def test_one_sigmoid_output_is_two_classes() -> None:
    assert [(a.label, round(a.score, 3)) for a in classes([0.2], ["person"])] == [
        ("not person", 0.8),
        ("person", 0.2),
    ]


def test_thousand_labels_for_1001_classes_leave_out_the_background() -> None:
    assert classes([0.1, 0.9, 0.0], ["cat", "dog"])[0].label == "cat"


def test_wrong_number_of_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="5 labels for 3 classes"):
        classes([0.1, 0.9, 0.0], "abcde")


BOXES = np.array([[[0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.5, 0.5], [0, 0, 1, 1]]], np.float32)
CLASSES = np.array([[1.0, 0.0, 5.0]], np.float32)
SCORES = np.array([[0.6, 0.9, 0.8]], np.float32)
COUNT = np.array([2.0], np.float32)


def detect(
    preprocessing: ImagePreprocessing, width: int, height: int, *arrays: Any, **options: Any
) -> Any:
    outputs = arrays or (BOXES, CLASSES, SCORES, COUNT)
    picked = AnswerFilter(**{"top_k": 10, "threshold": 0.1, **options})
    reader = BoxReader(specs_of(*outputs), preprocessing, ["???", "person", "bicycle"], picked)
    return reader(outputs, width, height)


def test_boxes_are_in_pixels_of_the_frame_best_first() -> None:
    first, second = detect(ImagePreprocessing(width=300, height=300), 640, 480)
    assert (first.label, first.xyxy) == ("person", (0.0, 0.0, 320.0, 240.0))
    assert (second.label, second.xyxy) == ("bicycle", (320.0, 120.0, 640.0, 360.0))


def test_rows_beyond_the_count_are_leftovers() -> None:
    assert len(detect(ImagePreprocessing(width=300, height=300), 640, 480)) == 2


def test_letterboxed_boxes_are_mapped_back() -> None:
    preprocessing = ImagePreprocessing(width=100, height=100, fit="letterbox")
    # 200 x 100 lands in rows 25..75 of the input: the box's rows 25..75 are the whole height.
    answer = detect(preprocessing, 200, 100, threshold=0.0)[1]
    assert answer.xyxy == (100.0, 0.0, 200.0, 100.0)


def test_cropped_boxes_are_mapped_back() -> None:
    preprocessing = ImagePreprocessing(width=100, height=100, fit="center-crop")
    answer = detect(preprocessing, 200, 100)[0]
    assert answer.xyxy == (50.0, 0.0, 100.0, 50.0)


def test_outputs_in_the_order_of_tensorflow_2_are_told_apart() -> None:
    answers = detect(
        ImagePreprocessing(width=300, height=300), 640, 480, SCORES, BOXES, COUNT, CLASSES
    )
    assert [a.label for a in answers] == ["person", "bicycle"]


def test_detector_of_a_single_object_is_told_apart() -> None:
    arrays = (BOXES[:, :1], CLASSES[:, :1], SCORES[:, :1], np.array([1.0], np.float32))
    assert [a.label for a in detect(ImagePreprocessing(width=9, height=9), 90, 90, *arrays)] == [
        "bicycle"
    ]


def test_nothing_found_is_no_answer() -> None:
    assert detect(ImagePreprocessing(width=300, height=300), 640, 480, threshold=0.95) == ()


def test_class_without_a_label_is_numbered() -> None:
    arrays = (BOXES, CLASSES + 40, SCORES, COUNT)
    assert detect(ImagePreprocessing(width=9, height=9), 9, 9, *arrays)[0].label == "class 40"


def test_other_outputs_are_no_detector() -> None:
    specs = specs_of(BOXES, BOXES, SCORES, COUNT)
    assert is_detector(specs)
    with pytest.raises(ModelError, match="not boxes, classes, scores"):
        BoxReader(specs, ImagePreprocessing(width=9, height=9), (), ALL)
