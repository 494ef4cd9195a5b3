"""A phone made of a folder, and a fake `benchmark_model` that prints what the real one prints."""

import sys
from pathlib import Path

import pytest

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.adb import Adb
from edgevision.bench.remote.android import measure_over_adb
from edgevision.bench.remote.benchmark_model import parse_run
from edgevision.bench.remote.phone import read_phone
from edgevision.bench.remote.target import AdbTarget
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.errors import DeviceError, UsageError
from tests.bench.conftest import PROBE
from tests.bench.remote.fake_phone import make_phone

TOOL = """#!{python}
import sys
options = dict(word[2:].split("=", 1) for word in sys.argv[1:])
open(options["graph"], "rb").read()
base = 2000 if options["graph"].startswith("0") else 1000
err = sys.stderr
print("INFO: STARTING!", file=err)
print(f"INFO: Num threads: [{{options['num_threads']}}]", file=err)
print("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", file=err)
print("VERBOSE: Replacing 65 out of 67 node(s) with delegate (TfLiteXNNPackDelegate) node, "
      "yielding 2 partitions for subgraph 0.", file=err)
print("INFO: count=5 first=9000 curr=2100 min=2000 max=9000 avg=3500.5 std=2800 p5=2000 "
      "median=2100 p95=9000", file=err)
print(f"INFO: count=143 first={{base}} curr={{base}} min={{base - 50}} max={{base + 400}} "
      f"avg={{base + 12.5}} std=74 p5={{base - 40}} median={{base}} p95={{base + 100}}", file=err)
print(f"INFO: Inference timings in us: Init: 12345, First inference: 9000, Warmup (avg): 3500.5, "
      f"Inference (avg): {{base + 12.5}}", file=err)
print("INFO: Overall peak memory footprint (MB) via periodic monitoring: 21.5", file=err)
"""


@pytest.fixture
def phone(tmp_path: Path) -> Adb:
    return make_phone(tmp_path)


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    path = tmp_path / "benchmark_model"
    path.write_text(TOOL.format(python=sys.executable))
    return path


def job(**more: float) -> BenchJob:
    cases = (Case(name="float", model=PROBE, threads=4), Case(name="int8", model=PROBE, threads=4))
    return BenchJob(cases=cases, plan=TimingPlan(rounds=6, seconds=0.6), **more)  # type: ignore[arg-type]


def test_a_phone_measures_and_is_left_as_it_was(phone: Adb, tool: Path, tmp_path: Path) -> None:
    result = measure_over_adb(phone.target, job(), benchmark_model=tool, adb=lambda _: phone)
    assert result.target == "adb:R58M"
    assert (result.host.machine, result.host.cpu) == ("Google Pixel 8", "Tensor G3")
    assert result.host.os == "Android 15"
    summary = result.models[0].latency.summary
    assert (summary.runs, summary.p50_ms, summary.p95_ms) == (6 * 143, 2.0, 2.1)
    assert (summary.p90_ms, summary.p99_ms) == (None, None)
    assert result.models[0].latency.init_ms == 12.345
    assert str(result.models[0].delegation) == "65 of 67, 2 partitions"
    assert result.models[0].memory is not None
    assert result.models[0].memory.peak_bytes == round(21.5 * 2**20)
    assert result.models[0].unknown == (
        "memory is not known: benchmark_model tells the peak of its whole process, if that",
        "p90 and p99 are not known: benchmark_model reports p5, p50 and p95",
    )
    assert result.ratios[0].ratio == pytest.approx(0.5)
    assert result.ratios[0].verdict == "faster"
    assert list((tmp_path / "phone/data/local/tmp").iterdir()) == []


def test_a_tool_that_fails_is_said_and_leaves_nothing(phone: Adb, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'not executable: 64-bit ELF file' >&2\nexit 1\n")
    with pytest.raises(DeviceError, match="the binary is for another CPU"):
        measure_over_adb(phone.target, job(), benchmark_model=broken, adb=lambda _: phone)
    assert list((tmp_path / "phone/data/local/tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("state", "reason"), [("unauthorized", "has not allowed this computer"), ("offline", "offline")]
)
def test_a_phone_that_is_not_ready_is_said(
    phone: Adb, tool: Path, tmp_path: Path, state: str, reason: str
) -> None:
    (tmp_path / "phone/state").write_text(state)
    with pytest.raises(DeviceError, match=reason):
        measure_over_adb(phone.target, job(), benchmark_model=tool, adb=lambda _: phone)


def test_a_phone_that_is_not_there_is_said(phone: Adb) -> None:
    other = Adb(target=AdbTarget(serial="OTHER"), program=phone.program)
    with pytest.raises(DeviceError, match="no such phone"):
        read_phone(other)
    with pytest.raises(DeviceError, match="no adb program here"):
        read_phone(Adb(target=AdbTarget(), program="/nowhere/adb"))


def test_what_a_phone_cannot_do_is_refused(phone: Adb, tool: Path) -> None:
    with pytest.raises(UsageError, match="need Python on the device"):
        measure_over_adb(
            phone.target, job(sustained_seconds=60), benchmark_model=tool, adb=lambda _: phone
        )


def test_an_old_tool_without_a_median_is_refused() -> None:
    declared = (
        "count=50 first=249042 curr=250889 min=247067 max=254474 avg=249684 std=1442\n"
        "Inference timings in us: Init: 16242, First inference: 360262, Warmup (avg): 304586, "
        "Inference (avg): 249684\n"
    )
    with pytest.raises(DeviceError, match="too old"):
        parse_run(declared, where="adb")


def test_a_tool_that_prints_nothing_useful_is_said() -> None:
    with pytest.raises(DeviceError, match="gave no timings: ERROR: Failed to load"):
        parse_run("INFO: STARTING!\nERROR: Failed to load model\n", where="adb")


def test_scientific_notation_is_read() -> None:
    run = parse_run(
        "INFO: count=50 first=1249964 curr=1240143 min=1238588 max=1252566 avg=1.24027e+06 "
        "std=2565 p5=1238753 median=1239807 p95=1247415\n"
        "INFO: Inference timings in us: Init: 5579, First inference: 1357602, "
        "Warmup (avg): 1.3576e+06, Inference (avg): 1.24027e+06\n",
        where="adb",
    )
    assert run.steady.mean_ns == 1_240_270_000
    assert (run.peak_bytes, run.delegation) == (None, None)
