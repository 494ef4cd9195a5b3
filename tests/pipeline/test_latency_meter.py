from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access
from edgevision.bench.remote.target import AdbTarget, Target
from edgevision.bench.timing.latency import Latency, Round
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import DeviceError
from edgevision.pipeline import latency_meter
from edgevision.pipeline.latency_meter import FIRST_PLAN, GLANCE, TIMING, LatencyMeter
from edgevision.runtime.loader import PROBE

FILES = {"float": b"float", "int8": b"int8"}


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[TimingPlan]:
    """The plans that were measured by, with made-up times."""
    asked: list[TimingPlan] = []

    def time_models(
        files: Mapping[str, bytes], *, threads: int, plan: TimingPlan, progress: object
    ) -> dict[str, Latency]:
        asked.append(plan)
        return {name: took(name, TOOK_MS[content], threads) for name, content in files.items()}

    monkeypatch.setattr(latency_meter, "time_models", time_models)
    return asked


TOOK_MS = {b"float": 7.0, b"int8": 3.0, b"slow int8": 6.5, b"fp16": 7.1}


def took(name: str, ms: float, threads: int) -> Latency:
    timed = Round(init_ns=0, first_ns=0, warmup_ns=(), timed_ns=(int(ms * 1e6),) * 5)
    return Latency(name=name, threads=threads, runtime="none", rounds=(timed,))


def test_much_faster_needs_only_a_glance(plans: list[TimingPlan]) -> None:
    assert LatencyMeter().compared_ms(FILES) == {"float": 7.0, "int8": 3.0}
    assert plans == [GLANCE]


def test_a_close_race_is_timed_properly(plans: list[TimingPlan]) -> None:
    LatencyMeter().compared_ms({"float": b"float", "int8": b"slow int8"})
    assert plans == [GLANCE, TIMING]


def test_files_that_were_timed_side_by_side_are_not_timed_again(plans: list[TimingPlan]) -> None:
    meter = LatencyMeter(first=FIRST_PLAN)
    meter.compared_ms(FILES)
    found = meter.latencies({"float32": b"float", "mine": b"int8"})
    assert plans == [FIRST_PLAN]
    assert {name: one.summary.p50_ms for name, one in found.items()} == {"float32": 7.0, "mine": 3}
    assert [one.name for one in found.values()] == ["float32", "mine"]


def test_what_was_not_timed_so_is_timed_afresh(plans: list[TimingPlan]) -> None:
    files = {**FILES, "fp16": b"fp16"}
    meter = LatencyMeter(first=FIRST_PLAN)
    meter.compared_ms(FILES)
    assert list(meter.latencies(files)) == list(files)
    assert len(plans) == 2


def test_choices_and_tables_are_timed_with_the_same_threads(plans: list[TimingPlan]) -> None:
    meter = LatencyMeter(first=FIRST_PLAN, threads=4)
    meter.compared_ms(FILES)
    assert {one.threads for one in meter.latencies(FILES).values()} == {4}
    assert plans == [FIRST_PLAN]
    meter.median_ms(FILES)
    assert {one.threads for one in meter.latencies(FILES).values()} == {4}


def test_a_device_times_files_in_place_of_this_machine(
    plans: list[TimingPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, access = AdbTarget(serial="R58M"), Access(benchmark_model=Path("tool"))
    sent: list[Path] = []

    def measure_at(
        target: Target, job: BenchJob, given: Access, *, progress: object
    ) -> SimpleNamespace:
        assert (target, given, job.plan) == (phone, access, FIRST_PLAN)
        models = []
        for case in job.cases:
            assert isinstance(case.model, Path)  # adb pushes nothing else
            sent.append(case.model)
            latency = took(case.name, 10 * TOOK_MS[case.content()], case.threads)
            models.append(SimpleNamespace(name=case.name, latency=latency))
        return SimpleNamespace(models=models)

    monkeypatch.setattr(latency_meter, "measure_at", measure_at)
    meter = LatencyMeter(first=FIRST_PLAN, target=phone, access=access, threads=2)
    assert meter.compared_ms(FILES) == {"float": 70.0, "int8": 30.0}
    found = meter.latencies(FILES)
    assert {one.threads for one in found.values()} == {2}
    assert meter.target == "adb:R58M"
    assert plans == []
    assert len(sent) == 2
    assert not any(path.exists() for path in sent)


def test_only_a_device_is_tried_out(
    plans: list[TimingPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    LatencyMeter().try_out(PROBE)
    assert plans == []

    def gone(*_: object, **__: object) -> None:
        raise DeviceError("no such phone")

    monkeypatch.setattr(latency_meter, "measure_at", gone)
    with pytest.raises(DeviceError):
        LatencyMeter(target=AdbTarget()).try_out(PROBE)
