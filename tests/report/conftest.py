"""A result with everything a report can show: two small networks, measured for real."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgevision.bench.machine.sensors import Reading
from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.results.quality import Quality
from edgevision.bench.results.result import BenchRun, to_document
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.sustained import Point, Sustained
from edgevision.dataset.annotation import ClassLabel
from edgevision.evaluation.compare import compare
from edgevision.tasks.answers import Answers
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from tests.bench.networks import hard_swish_network
from tests.tasks.models import answers, model

CLASSES = ("cat", "dog", "<b>fish</b>")


CLASSIFIER = build_task(
    TaskSpec(kind="classification", labels=CLASSES), model((1, 3), maker="softmax")
)


def answered(wrong: int) -> Answers:
    """30 images, 10 a class; the first `wrong` ones answered one class further."""
    labels = np.repeat(np.arange(3), 10)
    found = labels.copy()
    found[:wrong] += 1
    scores = np.full((30, 3), 0.1, np.float32)
    scores[np.arange(30), found] = 0.8
    return answers(CLASSIFIER, scores, truth=[ClassLabel(int(label)) for label in labels])


def classified(before: Answers, after: Answers) -> tuple[Quality, Quality]:
    """Quality of "float", which answers `before`, and of what answers `after`."""
    found = compare(CLASSIFIER, after, before)
    first = Quality(task="classification", images=30, evaluation=found.reference)
    return first, replace(
        first,
        evaluation=found.ours,
        base="float",
        agreement=found.agreement,
        paired=found.paired,
    )


def throttled(name: str) -> Sustained:
    points = tuple(
        Point(
            at_s=float(second),
            runs=100,
            p50_ms=10 if second < 60 else 14,
            max_ms=20,
            reading=Reading(
                temperature_c=50 + min(second, 60) * 0.5,
                clock_mhz=2400.0 if second < 60 else 1500.0,
                throttled=0 if second < 60 else 4,
            ),
        )
        for second in range(1, 121)
    )
    return Sustained(name=name, points=points, missing=())


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory) -> BenchRun:
    folder = tmp_path_factory.mktemp("models")
    for name, extra in (("float", 0), ("int8", 1)):
        (folder / f"{name}.tflite").write_bytes(hard_swish_network(2, extra=extra))
    cases = tuple(Case(name=n, model=folder / f"{n}.tflite") for n in ("float", "int8"))
    plan = TimingPlan(rounds=6, seconds=0.3)
    found = measure(BenchJob(cases=cases, plan=plan, per_operation=True))
    qualities = classified(answered(1), answered(4))
    models = tuple(
        replace(one, quality=quality, sustained=throttled(one.name))
        for one, quality in zip(found.models, qualities, strict=True)
    )
    return replace(found, models=models, data="pets", classes=CLASSES)


@pytest.fixture(scope="session")
def runs(result: BenchRun) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_document([result])["runs"]
    return found
