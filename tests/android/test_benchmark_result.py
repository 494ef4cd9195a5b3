"""What the app's benchmark screen saves is a result that `edgevision bench` and `compare` read.

The document is the one that BenchmarkTest.kt asks the Kotlin code for, character by character.
"""

import json
from pathlib import Path

import pytest

from edgevision.android.project import demo_folder
from edgevision.bench.results.result import SCHEMA_VERSION, read_results
from edgevision.errors import UsageError

SAMPLE = Path("core/src/test/resources/benchmark.json")


def test_a_result_of_the_phone_is_read_as_one_of_ours() -> None:
    (result,) = read_results(demo_folder() / SAMPLE)
    (measured,) = result.models
    assert measured.latency.runtime == "litert-android 2.3.0 GPU"
    assert measured.latency.rounds[0].timed_ns == (3_000_000, 4_000_000)
    assert measured.latency.summary.p50_ms == 3.5
    assert measured.size.file_bytes == 1234
    assert result.host.machine == "Phone 9"


def test_the_app_writes_the_version_that_is_current() -> None:
    document = json.loads((demo_folder() / SAMPLE).read_text())
    assert document["schema_version"] == SCHEMA_VERSION


def test_the_result_names_the_model_that_ran_and_the_one_that_was_exported() -> None:
    (result,) = read_results(demo_folder() / SAMPLE)
    assert result.models[0].size.sha256 == "ab"
    document = json.loads((demo_folder() / SAMPLE).read_text())
    assert document["runs"][0]["models"][0]["source_sha256"] == "cd"


def test_a_benchmark_that_failed_on_the_phone_is_said() -> None:
    with pytest.raises(UsageError, match='failed: The model cannot be used: no "x"'):
        read_results(demo_folder() / "core/src/test/resources/benchmark_failed.json")
