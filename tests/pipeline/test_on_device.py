"""`--on`: `optimize` and `quantize` choose by, and tell, what a device says."""

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access
from edgevision.bench.remote.target import Target
from edgevision.bench.timing.latency import Latency, Round
from edgevision.cli import run
from edgevision.errors import DeviceError
from edgevision.pipeline import latency_meter
from edgevision.quantize.search import mixed_precision
from edgevision.quantize.search.accuracy_target import TargetMeasurement
from edgevision.quantize.search.operator_latency import OperatorLatency
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import random_images, small_cnn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BOARD = "ssh://pi@board"
TOOK_MS = {"float": 50.0, "int8": 100.0, "mixed": 100.0, "dynamic": 60.0, "float32": 50.0}


class Pi:
    """A made-up board: how long files take there, by their names, until it is switched off."""

    def __init__(self, jobs: int = 99) -> None:
        self.jobs = jobs
        self.asked: list[tuple[str, Access]] = []

    def measure_at(
        self, target: Target, job: BenchJob, access: Access, **_: object
    ) -> SimpleNamespace:
        self.asked.append((str(target), access))
        if len(self.asked) > self.jobs:
            message = f"{target} was lost"
            raise DeviceError(message)
        models = [
            SimpleNamespace(
                name=case.name, latency=took(case.name, TOOK_MS.get(case.name, 1.0), case.threads)
            )
            for case in job.cases
        ]
        return SimpleNamespace(models=models)


def took(name: str, ms: float, threads: int) -> Latency:
    timed = Round(init_ns=0, first_ns=0, warmup_ns=(), timed_ns=(int(ms * 1e6),) * 5)
    return Latency(name=name, threads=threads, runtime="of the Pi", rounds=(timed,) * 5)


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> Pi:
    made = Pi()
    monkeypatch.setattr(latency_meter, "measure_at", made.measure_at)
    return made


@pytest.fixture
def float_file(tmp_path: Path) -> Path:
    """A float `.tflite` beside a folder of photos."""
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(random_images(12)):
        cv2.imwrite(str(tmp_path / "photos" / f"{number:02}.png"), image)
    path = tmp_path / "model.tflite"
    path.write_bytes(serialize(small_cnn()))
    return path


def quantize(model: Path, *more: str) -> int:
    photos = str(model.parent / "photos")
    words = ["quantize", str(model), "--calibration", photos, "--preprocess", "unit"]
    return run([*words, "--quality", "fast", *more])


def optimize(models: Path, photos: Path, folder: Path, *more: str) -> int:
    words = ["optimize", str(models / "colours.keras"), "--preprocess", "unit", "-o", str(folder)]
    return run([*words, "--calibration", str(photos / "held-out"), *more])


def test_the_table_and_the_report_are_about_the_device(
    pi: Pi, tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    config = tmp_path / "ssh_config"
    assert optimize(models, photos, folder, "--on", BOARD, "--ssh-config", str(config)) == 0
    out, err = capsys.readouterr()
    assert f"p50: of the Pi, 1 thread, {BOARD}" in out
    assert "host" not in out
    assert "this machine, not your device" not in out
    assert "50.00 ms" in out
    assert f"int8 takes 2.00 times as long as float on {BOARD}" in " ".join(err.split())
    report = json.loads((folder / "report.json").read_text())
    assert [file["latency"]["target"] for file in report["files"]] == [BOARD, BOARD]
    assert report["files"][0]["latency"]["p50_ms"] == pytest.approx(50.0)
    assert set(pi.asked) == {(BOARD, Access(ssh_options=("-F", str(config))))}


def test_a_device_lost_on_the_way_ends_with_6_and_leaves_nothing(
    pi: Pi, tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pi.jobs = 1
    assert optimize(models, photos, tmp_path / "out", "--on", BOARD) == 6
    assert f"{BOARD} was lost" in capsys.readouterr().err
    assert len(pi.asked) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_device_out_of_reach_is_known_before_the_photos_are_run(
    pi: Pi, float_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pi.jobs = 0
    begun = "edgevision.pipeline.quantize_file.make_quantized"
    monkeypatch.setattr(begun, lambda *_, **__: pytest.fail("quantizing has begun"))
    assert quantize(float_file, "--on", BOARD) == 6
    assert not float_file.with_name("model_int8.tflite").exists()


def test_what_is_slow_on_the_device_decides_and_is_told_of_it(
    pi: Pi, float_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = OperatorLatency(id=0, operator="CONV_2D", integer_us=1000.0, float_us=1.0)
    monkeypatch.setattr(mixed_precision, "operator_latencies", lambda _made, **_: (slow,))
    monkeypatch.setitem(TOOK_MS, "mixed", 40.0)
    assert quantize(float_file, "--on", BOARD, "--json") == 0
    with_progress = json.loads(capsys.readouterr().out)["speed"]
    assert (with_progress["target"], with_progress["float_ms"], with_progress["mixed_ms"]) == (
        BOARD,
        50.0,
        40.0,
    )
    lost = "int8 kernels lose to float in 1 CONV_2D: left in float, which is faster"
    assert with_progress["sentence"] == f"{lost} on {BOARD}"


def test_this_machine_is_named_where_it_timed(
    float_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quantize(float_file, "--on", "local", "--json") == 0
    assert json.loads(capsys.readouterr().out)["speed"]["target"] == "local"


def float_is_fast_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files timed here from now on, where float takes a tenth of int8's time."""
    asked: list[str] = []

    def time_models(files: dict[str, bytes], *, threads: int, **_: object) -> dict[str, Latency]:
        asked.extend(files)
        return {name: took(name, 10.0 if "int8" in name else 1.0, threads) for name in files}

    slow = OperatorLatency(id=0, operator="CONV_2D", integer_us=10_000.0, float_us=1.0)
    monkeypatch.setattr(latency_meter, "time_models", time_models)
    monkeypatch.setattr(mixed_precision, "operator_latencies", lambda _made, **_: (slow,))
    return asked


def int8_throughout_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a search for a target from now on, the first file misses it and the others do not."""
    answers = iter([0.5])
    monkeypatch.setattr(
        "edgevision.pipeline.integer.measured",
        lambda *_: TargetMeasurement(value=next(answers, 1.0), low=0.0, high=1.0),
    )


@pytest.mark.parametrize("goal", [[], ["--min-agreement", "99"]])
def test_without_a_device_this_machines_clock_decides_nothing(
    float_file: Path, goal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = float_file.with_name("model_int8.tflite")
    int8_throughout_is_not_enough(monkeypatch)
    assert quantize(float_file, *goal) == 0
    content = made.read_bytes()
    asked = float_is_fast_here(monkeypatch)
    int8_throughout_is_not_enough(monkeypatch)
    assert quantize(float_file, *goal, "--overwrite") == 0
    assert asked == []
    assert made.read_bytes() == content


def test_a_target_is_met_with_what_is_fastest_on_the_device(
    float_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = float_is_fast_here(monkeypatch)
    int8_throughout_is_not_enough(monkeypatch)
    assert quantize(float_file, "--min-agreement", "99", "--on", "local") == 0
    assert {name.split(" layers")[0] for name in asked} == {"first", "last", "worst"}


def test_local_says_that_this_machine_is_the_device(
    float_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = float_is_fast_here(monkeypatch)
    assert quantize(float_file, "--on", "local", "--json") == 0
    reasons = {one["reason"] for one in json.loads(capsys.readouterr().out)["skipped"]}
    assert mixed_precision.LEFT in reasons
    assert "mixed" in asked


def test_optimize_without_a_device_times_for_the_table_only(
    tmp_path: Path, models: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = float_is_fast_here(monkeypatch)
    folder = tmp_path / "out"
    assert optimize(models, photos, folder) == 0
    assert asked == ["float32", "int8"]
    report = json.loads((folder / "report.json").read_text())
    assert [file["latency"]["target"] for file in report["files"]] == ["local", "local"]
    reasons = {one["reason"] for one in report["files"][1]["left_in_float"]}
    assert mixed_precision.LEFT not in reasons


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        (["--on", "pi@board"], "no place to measure"),
        (["--on", "adb"], "needs TFLite's benchmark_model binary"),
        (["--benchmark-model", "tool"], "--benchmark-model does nothing without --on adb"),
        (["--on", "adb", "--ssh-config", "x"], "--ssh-config does nothing without --on ssh"),
        (["--on", BOARD, "--fp16"], "--on does nothing"),
        (["--on", BOARD, "--no-never-slower"], "--on does nothing"),
        (["--on", BOARD, "--full-integer"], "--on does nothing"),
        (["--on", BOARD, "--recipe", "full-integer"], "--on does nothing"),
    ],
)
def test_a_place_that_cannot_be_or_would_do_nothing_is_refused(
    pi: Pi, float_file: Path, given: list[str], declared: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [] if "--fp16" in given else ["--quality", "fast"]
    assert run(["quantize", str(float_file), "--preprocess", "unit", *words, *given]) == 2
    assert declared in " ".join(capsys.readouterr().err.split())
    assert pi.asked == []
