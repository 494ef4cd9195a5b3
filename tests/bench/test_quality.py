"""What tasks measured, in the result document: as it is written, and as it was before tasks."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.results.compare import compare as compare_results
from edgevision.bench.results.evaluate_cases import EvaluationPlan, evaluate_cases, with_quality
from edgevision.bench.results.quality import Quality, quality_document, read_quality
from edgevision.bench.results.result import BenchRun, from_document, read_results, to_document
from edgevision.bench.results.sentences import sentences
from edgevision.bench.results.tables import quality_rows
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError, UsageError
from edgevision.evaluation.compare import compare
from edgevision.report.page import render
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.serialize import serialize
from tests.bench.conftest import PROBE
from tests.quantize.builder import Builder
from tests.tasks.models import answers, model
from tests.verify.planted import PREPROCESSING, SIDE, image_set, pictures, regressor

CLASSIFIER = build_task(
    TaskSpec(kind="classification", labels=("cat", "dog")), model((1, 2), maker="softmax")
)
COMMITTED = Path(__file__).parents[2] / "benchmarks" / "results"


def classified() -> tuple[Quality, Quality]:
    """Two classifiers on ten images; the second takes one dog for a cat."""
    labels = [0] * 5 + [1] * 5
    base = np.eye(2, dtype=np.float32)[labels] * 0.8 + 0.1
    other = base.copy()
    other[9] = other[0]
    truth = [ClassLabel(label) for label in labels]
    before, after = (answers(CLASSIFIER, scores, truth=truth) for scores in (base, other))
    found = compare(CLASSIFIER, after, before)
    first = Quality(task="classification", images=10, evaluation=found.reference)
    second = replace(first, evaluation=found.ours, base="float", agreement=found.agreement)
    return first, replace(second, paired=found.paired)


@pytest.fixture(scope="module")
def result() -> BenchRun:
    cases = (Case(name="float", model=PROBE), Case(name="int8", model=PROBE))
    plan = TimingPlan(rounds=6, seconds=0.06, warmup_seconds=0)
    return measure(BenchJob(cases=cases, plan=plan))


def judged(result: BenchRun) -> BenchRun:
    models = tuple(
        replace(one, quality=quality)
        for one, quality in zip(result.models, classified(), strict=True)
    )
    return replace(result, models=models, data="pets", classes=("cat", "dog"))


def test_the_document_of_a_quality_comes_back() -> None:
    for quality in classified():
        plain = json.loads(json.dumps(quality_document(quality), allow_nan=False))
        back = read_quality(plain, where="q")
        assert quality_document(back) == plain
        assert back.headline is not None
        assert back.headline.heading == "top-1"


def test_a_result_holds_what_its_models_were_judged_by(result: BenchRun) -> None:
    document = json.loads(json.dumps(to_document([judged(result)]), allow_nan=False))
    assert document["schema_version"] == 1
    (back,) = from_document(document)
    quality = back.models[1].quality
    assert quality is not None
    assert quality.agreement is not None
    assert quality.agreement.flips[0].reference.text == "dog 0.90"
    assert quality_rows(back) == quality_rows(judged(result))
    assert sentences(back) == sentences(judged(result))
    assert "int8: classes that lost most: dog -20 points of 5" in sentences(back)


def test_a_classifier_has_its_columns(result: BenchRun) -> None:
    header, rows = quality_rows(judged(result))
    assert header == ("model", "top-1 %", "macro F1", "agreement %", "drop, points")
    assert rows[0][0] == "float"
    assert rows[0][3:] == ("base", "base")
    assert rows[1][1].startswith("90.0 (")
    assert rows[1][4].startswith("10.0 (")


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda quality: quality.pop("task"), r"runs\[0\]\.models\[1\]\.quality\.task is missing"),
        (
            lambda quality: quality["paired"].update(drop="much"),
            r"quality\.paired\.drop should be an object",
        ),
        (
            lambda quality: quality["evaluation"]["metrics"]["top1"].update(unit=7),
            r"metrics\.top1\.unit should be text",
        ),
    ],
)
def test_damage_is_named_by_its_place(result: BenchRun, damage: Any, place: str) -> None:
    document = to_document([judged(result)])
    damage(document["runs"][0]["models"][1]["quality"])
    with pytest.raises(UsageError, match=place):
        from_document(document)


def test_no_class_of_a_stranger_makes_a_matrix_of_gigabytes() -> None:
    plain = quality_document(classified()[0])
    plain["evaluation"]["confusion"] = [{"label": 10**9, "answer": 0, "count": 1}]
    evaluation = read_quality(plain, where="q").evaluation
    assert evaluation is not None
    assert evaluation.confusion is None


OF_BEFORE: dict[str, Any] = {
    "images": 10,
    "top1": {"value": 0.9, "low": 0.6, "high": 0.98},
    "top5": None,
    "macro_f1": {"value": 0.89, "low": 0.6, "high": 1.0},
    "confusion": [[5, 0], [1, 4]],
    "change": {
        "base": "float",
        "agreement": {"value": 0.9, "low": 0.6, "high": 0.98},
        "mean_kl": 0.02,
        "drop": {"value": 0.1, "low": 0.0, "high": 0.3},
        "p_value": 1.0,
        "images_for_a_point": 7848,
        "class_drops": [{"label": 1, "images": 5, "recall_before": 1.0, "recall": 0.8}],
        "flips": [
            {
                "id": "9.jpg",
                "label": 1,
                "answer_before": 1,
                "answer": 0,
                "probability_before": 0.9,
                "probability": 0.9,
            }
        ],
    },
}


def test_accuracy_of_before_tasks_is_read_as_a_classifier_s_quality(result: BenchRun) -> None:
    document = to_document([replace(result, data="pets", classes=("cat", "dog"))])
    first, second = document["runs"][0]["models"]
    first["accuracy"] = OF_BEFORE | {"change": None}
    second["accuracy"] = OF_BEFORE
    (back,) = from_document(copy.deepcopy(document))
    header, rows = quality_rows(back)
    assert header == ("model", "top-1 %", "macro F1", "agreement %", "drop, points")
    assert rows[1] == (
        "int8",
        "90.0 (60.0 to 98.0)",
        "89.0 (60.0 to 100.0)",
        "90.0 (60.0 to 98.0)",
        "10.0 (0.0 to 30.0)",
    )
    assert "int8: classes that lost most: dog -20 points of 5" in sentences(back)
    page = render(to_document([back])["runs"])
    assert "float: dog 0.90" in page
    assert "int8: confusion" in page
    # What is written anew has the new shape.
    assert "accuracy" not in to_document([back])["runs"][0]["models"][1]


def test_damaged_accuracy_of_before_tasks_is_refused(result: BenchRun) -> None:
    document = to_document([result])
    document["runs"][0]["models"][0]["accuracy"] = {"images": "ten"}
    with pytest.raises(UsageError, match=r"models\[0\]\.accuracy\.images should be"):
        from_document(document)


@pytest.mark.parametrize("path", sorted(COMMITTED.glob("*.json")), ids=lambda path: path.stem)
def test_committed_results_are_still_read_drawn_and_compared(path: Path) -> None:
    results = read_results(path)
    assert results
    assert "<svg" in render(to_document(results)["runs"])
    assert compare_results(results, results)[0].pairs


def photos() -> ImageSet:
    return image_set(pictures(4))


def saved(folder: Path, name: str, content: bytes) -> Case:
    (folder / name).write_bytes(content)
    return Case(name=name, model=folder / name)


def plan_of(**changes: Any) -> EvaluationPlan:
    return EvaluationPlan(images=photos(), preprocessing_of=lambda _: PREPROCESSING, **changes)


def test_models_of_numbers_are_set_side_by_side_in_decibels(
    tmp_path: Path, result: BenchRun
) -> None:
    content = serialize(regressor(outputs=2))
    cases = [saved(tmp_path, name, content) for name in ("a.tflite", "b.tflite")]
    found = evaluate_cases(cases, plan_of())
    assert (found.data, found.classes) == ("planted", ())
    first, second = found.of_cases
    assert (first.task, first.evaluation, first.headline) == ("tensors", None, None)
    assert second.base == "a.tflite"
    header, rows = quality_rows(with_quality(result, found))
    assert header == ("model", "worst SQNR dB")
    assert rows == [("float", "base"), ("int8", "exact")]


def test_models_of_other_outputs_are_not_compared(tmp_path: Path) -> None:
    b = Builder((1, SIDE, SIDE, 3))
    other = serialize(b.finish(b.dense(b.mean(0), np.ones((7, 3)))))
    cases = [
        saved(tmp_path, "a.tflite", serialize(regressor())),
        saved(tmp_path, "b.tflite", other),
    ]
    with pytest.raises(ModelError, match=r"b\.tflite and a\.tflite cannot be compared"):
        evaluate_cases(cases, plan_of())
    with pytest.raises(ModelError, match="a classifier has one output"):
        two = saved(tmp_path, "two.tflite", serialize(regressor(outputs=2)))
        evaluate_cases([two], plan_of(declared=TaskSpec(kind="classification")))
