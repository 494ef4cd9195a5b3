import json
from pathlib import Path

import pytest

from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.results.result import (
    SCHEMA_VERSION,
    BenchRun,
    from_document,
    read_results,
    to_document,
)
from edgevision.bench.timing.case import cases_for
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import UsageError
from edgevision.serialization.json_text import to_json


@pytest.fixture(scope="module")
def result() -> BenchRun:
    probe = Path(__file__).parents[2] / "edgevision/runtime/probe.tflite"
    plan = TimingPlan(rounds=6, seconds=0.06, warmup_seconds=0)
    cases = cases_for([probe, probe])
    return measure(BenchJob(cases=cases, plan=plan, per_operation=True, sustained_seconds=0.1))


def test_a_result_survives_the_file_whole(result: BenchRun, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(to_json(to_document([result]), indent=2))
    assert read_results(path) == (result,)


def test_the_keys_of_litert_benchmark_are_there(result: BenchRun) -> None:
    entry = to_document([result])["runs"][0]["models"][0]
    assert {"model", "model_size_mb", "accelerators", "num_threads"} <= set(entry)
    kept = (
        "init_ms warmup_first_ms warmup_avg_ms avg_ms min_ms max_ms median_ms std_ms p5_ms p95_ms"
    )
    assert {*kept.split(), "num_runs"} <= set(entry["latency"])
    assert entry["latency"]["median_ms"] == result.models[0].latency.summary.p50_ms
    assert entry["latency"]["num_runs"] == len(result.models[0].latency.steady_ns)


def test_raw_samples_stay_on_one_line(result: BenchRun) -> None:
    text = to_json(to_document([result]), indent=2)
    assert text.count("\n") < 600
    assert json.loads(text)["runs"][0]["models"][0]["latency"]["rounds"][0]["timed_ns"]


def test_fields_of_a_newer_minor_version_are_left_aside(result: BenchRun) -> None:
    document = to_document([result])
    document["runs"][0]["models"][0]["shininess"] = 3
    assert from_document(document) == (result,)


@pytest.mark.parametrize("version", [None, True, 0, "1"])
def test_what_is_no_result_is_refused(version: object) -> None:
    with pytest.raises(UsageError, match="is no result"):
        from_document({"schema_version": version})


def test_another_commands_document_is_no_damaged_result() -> None:
    with pytest.raises(UsageError, match="report.json is no result of edgevision bench") as caught:
        from_document({"schema_version": 1, "source": "model.keras"}, name="report.json")
    assert "edgevision bench model.tflite -o result.json" in caught.value.hint


def test_a_newer_version_is_refused_by_its_number() -> None:
    with pytest.raises(
        UsageError, match=f"has version {SCHEMA_VERSION + 1}, known is {SCHEMA_VERSION}"
    ):
        from_document({"schema_version": SCHEMA_VERSION + 1})


def test_a_damaged_field_is_named(result: BenchRun) -> None:
    document = to_document([result])
    document["runs"][0]["models"][1]["latency"]["rounds"][2]["init_ns"] = "soon"
    with pytest.raises(
        UsageError,
        match=r"runs\[0\]\.models\[1\]\.latency\.rounds\[2\]\.init_ns should be a whole number",
    ):
        from_document(document)
    del document["runs"][0]["models"][1]["latency"]["rounds"][2]["init_ns"]
    with pytest.raises(UsageError, match=r"rounds\[2\]\.init_ns is missing"):
        from_document(document)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(UsageError, match="cannot read"):
        read_results(path)
    path.write_text("{")
    with pytest.raises(UsageError, match="is not JSON"):
        read_results(path)


def test_every_result_ever_committed_still_loads() -> None:
    kept = sorted((Path(__file__).parents[2] / "benchmarks/results").glob("*.json"))
    assert kept
    for path in kept:
        assert read_results(path)[0].models[0].latency.summary.runs >= 50


def test_the_result_names_machine_runtime_and_file(result: BenchRun) -> None:
    assert result.host.usable_cpus >= 1
    assert result.host.cpu
    assert [one.name.rpartition("/")[2] for one in result.models] == ["probe #1", "probe #2"]
    assert result.models[0].file == "probe.tflite"
    assert result.models[0].size == result.models[1].size
    assert len(result.ratios) == 1
