from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.results.budget import ModelLimits, check_budget, read_budget
from edgevision.bench.results.compare import compare
from edgevision.bench.results.junit import to_junit
from edgevision.bench.results.quality import Quality
from edgevision.bench.results.result import BenchRun
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import UsageError
from edgevision.metrics.estimate import Estimate
from edgevision.tasks.figures import Agreement, Evaluation, Metric, Paired
from tests.bench.conftest import PROBE


@pytest.fixture(scope="module")
def result() -> BenchRun:
    cases = (Case(name="float", model=PROBE), Case(name="int8", model=PROBE))
    found = measure(
        BenchJob(cases=cases, plan=TimingPlan(rounds=6, seconds=0.06, warmup_seconds=0))
    )
    same = Metric(
        name="agreement",
        title="top-1 agreement",
        estimate=Estimate(value=0.97, low=0.95, high=0.98),
    )
    top1 = Metric(name="top1", title="top-1", estimate=Estimate(value=0.9, low=0.88, high=0.92))
    quality = Quality(
        task="classification",
        images=1000,
        evaluation=Evaluation(images=1000, metrics=(top1,)),
        base="float",
        agreement=Agreement(images=1000, metrics=(same,), meaning="same top-1"),
        paired=Paired(
            metric="top1",
            drop=Estimate(value=0.004, low=-0.002, high=0.011),
            p_value=0.2,
            images_for_a_point=4000,
        ),
    )
    models = (found.models[0], replace(found.models[1], quality=quality))
    return replace(found, models=models)


def test_a_budget_is_read_and_checked(result: BenchRun, tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(
        '[[limits]]\nmodel = "*"\nsize_bytes = 10_000\n\n'
        '[[limits]]\nmodel = "int8"\nmachine = "local"\np95_ms = 1000\ndrop_points = 1.0\n'
        "agreement = 0.94\n"
    )
    checks = check_budget(read_budget(path), [result])
    assert [(check.model, check.what, check.is_kept) for check in checks] == [
        ("float", "size_bytes", True),
        ("int8", "size_bytes", True),
        ("int8", "p95_ms", True),
        # 0.4 points measured, but up to 1.1 within the interval.
        ("int8", "drop_points", False),
        ("int8", "agreement", True),
    ]
    assert str(checks[3]) == "int8 on local: drop_points 1.1, limit 1"


def test_what_was_not_measured_misses_its_limit(result: BenchRun) -> None:
    bare = replace(result, models=tuple(replace(m, quality=None) for m in result.models))
    (check,) = check_budget([ModelLimits(model="int8", drop_points=1)], [bare])
    assert not check.is_kept
    assert "was not measured" in str(check)


def test_decibels_are_no_share_that_could_be_held_to(result: BenchRun) -> None:
    sqnr = Metric(
        name="worst_sqnr_db", title="SQNR", unit="dB", estimate=Estimate(value=40, low=39, high=41)
    )
    numbers = Quality(
        task="tensors",
        images=10,
        base="float",
        agreement=Agreement(images=10, metrics=(sqnr,), meaning="SQNR"),
    )
    models = (result.models[0], replace(result.models[1], quality=numbers))
    checks = check_budget(
        [ModelLimits(model="int8", agreement=0.9, drop_points=1)], [replace(result, models=models)]
    )
    assert [check.found for check in checks] == [None, None]


def test_the_first_model_has_no_drop_to_limit(result: BenchRun) -> None:
    checks = check_budget([ModelLimits(drop_points=2.0)], [result])
    assert [check.model for check in checks] == ["int8"]


def test_a_limit_that_fits_nothing_is_refused(result: BenchRun) -> None:
    with pytest.raises(UsageError, match="fits nothing measured"):
        check_budget([ModelLimits(model="int9", p50_ms=1)], [result])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "[[limits]]\nmodel = 'a'",
        "[[limits]]\np95ms = 3",
        "[[limits]]\np95_ms = '3'",
        "[",
    ],
)
def test_a_bad_budget_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_budget(path)


def test_junit_has_a_failure_for_each_missed_limit(result: BenchRun) -> None:
    checks = check_budget([ModelLimits(model="int8", p95_ms=1e-9, size_bytes=1e9)], [result])
    suite = ET.fromstring(to_junit(checks))  # noqa: S314 - our own text
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failures = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failures == ["p95_ms"]


def test_the_same_result_twice_shows_no_change(result: BenchRun) -> None:
    (found,) = compare([result], [result])
    assert [pair.ratio.ratio for pair in found.pairs] == pytest.approx([1.0, 1.0])
    assert {pair.ratio.verdict for pair in found.pairs} == {"undecided"}
    assert all(pair.is_same_file for pair in found.pairs)
    assert found.warnings == ()


def test_unlike_machines_and_settings_are_warned_of(result: BenchRun) -> None:
    first = result.models[0]
    other = replace(
        result,
        host=replace(result.host, cpu="Cortex-A76"),
        data="photos",
        models=(replace(first, latency=replace(first.latency, threads=4)),),
    )
    (found,) = compare([result], [other])
    assert any("unlike machines: cpu" in warning for warning in found.warnings)
    assert any("4 threads" in warning for warning in found.warnings)
    assert any("unlike image sets" in warning for warning in found.warnings)
    assert found.only_before == ("int8",)


def test_several_machines_are_paired_by_name(result: BenchRun) -> None:
    pi, phone = replace(result, target="ssh://pi"), replace(result, target="adb:1")
    assert len(compare([pi, phone], [phone, pi])) == 2
    with pytest.raises(UsageError, match="share no machine"):
        compare([pi, phone], [result])


def test_a_slower_build_is_seen_across_results(result: BenchRun) -> None:
    def slowed(factor: int) -> BenchRun:
        models = tuple(
            replace(
                measured,
                latency=replace(
                    measured.latency,
                    rounds=tuple(
                        replace(part, timed_ns=tuple((1000 + i) * factor for i in range(20)))
                        for part in measured.latency.rounds
                    ),
                ),
            )
            for measured in result.models
        )
        return replace(result, models=models)

    (found,) = compare([slowed(10)], [slowed(12)])
    assert found.pairs[0].ratio.verdict == "slower"
    assert found.pairs[0].ratio.ratio == pytest.approx(1.2)
