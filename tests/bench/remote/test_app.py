"""The demo app on a phone made of a folder: a fake `am` does what BenchmarkActivity.kt does."""

import hashlib
import json
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgevision.android.project import demo_folder
from edgevision.bench.measure import BenchJob
from edgevision.bench.remote import app as app_module
from edgevision.bench.remote.adb import Adb
from edgevision.bench.remote.app import Patience, measure_in_app
from edgevision.bench.results.result import BenchRun
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.summary import Reported
from edgevision.card.write import write_card
from edgevision.cli.app import app as edgevision
from edgevision.errors import DeviceError, UsageError
from tests.android.tiny_model import tiny_card, tiny_model
from tests.bench.conftest import PROBE
from tests.bench.remote.fake_phone import make_phone, write_program

PACKAGE = "com.edgevision.demo"
QUICK = Patience(answer_seconds=20, poll_seconds=0.01)
REPORTED = [field.name for field in fields(Reported)]
RUN_AS = """#!/bin/sh
package=$1; shift
case "$(cat "$ROOT/build")" in
debug) ;;
release) echo "run-as: package not debuggable: $package" >&2; exit 1;;
none) echo "run-as: unknown package: $package" >&2; exit 1;;
esac
cd "$ROOT/data/data/$package" && exec "$@"
"""
PIDOF = """#!/bin/sh
cat "$ROOT/pid" 2>/dev/null
"""
AM = """#!{python}
import hashlib, json, os, pathlib, sys
root, words = pathlib.Path(os.environ["ROOT"]), sys.argv[1:]
with (root / "asked").open("a") as log:
    print(*words, file=log)
if words[0] == "force-stop":
    (root / "pid").unlink(missing_ok=True)
    sys.exit()
assert words[:4] == ["start", "-S", "-n", "com.edgevision.demo/.BenchmarkActivity"]
print("Starting: Intent {{ cmp=com.edgevision.demo/.BenchmarkActivity (has extras) }}")
(root / "pid").write_text("4711\\n")
extras = dict(zip(words[5::3], words[6::3]))
folder = root / "data/data/com.edgevision.demo/files" / extras["folder"]
card = json.loads((folder / "model.json").read_text())
digest = hashlib.sha256((folder / card["file"]["name"]).read_bytes()).hexdigest()
assert digest == card["file"]["sha256"]
document = json.loads(pathlib.Path("{sample}").read_text())
(model,) = document["runs"][0]["models"]
(times,) = model["latency"]["rounds"]
model["size"]["sha256"] = digest
model["latency"]["threads"] = int(extras["threads"])
base = 2_000_000 if extras["folder"].endswith("-0") else 1_000_000
times["timed_ns"] = [base + index % 7 for index in range(int(extras["runs"]))]
text = None
exec((root / "do").read_text())
(folder / "benchmark.json").write_text(json.dumps(document) if text is None else text)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "phone"


@pytest.fixture
def phone(tmp_path: Path, root: Path) -> Adb:
    made = make_phone(tmp_path)
    (root / "data/data" / PACKAGE).mkdir(parents=True)
    (root / "build").write_text("debug")
    (root / "do").write_text("")
    sample = demo_folder() / "core/src/test/resources/benchmark.json"
    write_program(root / "bin/run-as", RUN_AS)
    write_program(root / "bin/pidof", PIDOF)
    write_program(root / "bin/am", AM.format(python=sys.executable, sample=sample))
    return made


def export(model: Path, folder: Path) -> str:
    """Stands for `android.export.export_to`."""
    content = model.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (folder / "golden").mkdir(parents=True)
    (folder / "model.tflite").write_bytes(content)
    card = {"file": {"name": "model.tflite", "sha256": digest}}
    (folder / "model.json").write_text(json.dumps(card))
    return digest


def measure(phone: Adb, *, rounds: int = 2, patience: Patience = QUICK, **case: object) -> BenchRun:
    cases = (
        Case(name="float", model=PROBE, threads=4, **case),  # type: ignore[arg-type]
        Case(name="int8", model=PROBE, threads=4, **case),  # type: ignore[arg-type]
    )
    job = BenchJob(cases=cases, plan=TimingPlan(rounds=rounds, seconds=0.6))
    return measure_in_app(phone.target, job, export=export, adb=lambda _: phone, patience=patience)


def left_behind(root: Path) -> list[str]:
    files = root / "data/data" / PACKAGE / "files"
    places = (root / "data/local/tmp", *([files] if files.exists() else []))
    running = [path.name for path in root.glob("pid")]
    return running + [path.name for place in places for path in place.iterdir()]


def test_the_app_measures_and_the_phone_is_left_as_it_was(phone: Adb, root: Path) -> None:
    result = measure(phone, rounds=6)
    assert result.target == "adb:R58M"
    assert (result.host.machine, result.host.os) == ("Google Pixel 8", "Android 15")
    first = result.models[0]
    assert (len(first.latency.rounds), first.latency.summary.runs) == (6, 6 * 9)
    assert (first.latency.runtime, first.latency.threads) == ("litert-android CPU", 4)
    assert first.latency.summary.p50_ms == pytest.approx(2.0, abs=1e-4)
    assert first.size.file_bytes == PROBE.stat().st_size
    assert (result.ratios[0].verdict, result.ratios[0].rounds) == ("faster", 6)
    assert left_behind(root) == []


def test_the_app_is_started_afresh_with_what_was_asked_for(phone: Adb, root: Path) -> None:
    plan = measure(phone).plan
    started = [line.split() for line in (root / "asked").read_text().splitlines()]
    assert [words[0] for words in started] == ["start"] * 4 + ["force-stop"]
    with_progress = " ".join(started[0])
    assert "--ez run true" in with_progress
    assert "--ei runs 25 --ef seconds 0.3 --ei threads 4" in with_progress
    # What the app did, not what it was not asked to do.
    assert (plan.rounds, plan.seconds, plan.warmup_runs, plan.warmup_seconds) == (2, 0.6, 1, 0.0)


def test_every_extra_is_one_that_the_screen_reads_with_its_type(phone: Adb, root: Path) -> None:
    measure(phone)
    words = (root / "asked").read_text().splitlines()[0].split()[4:]
    screen = demo_folder() / "app/src/main/kotlin/com/edgevision/demo/BenchmarkActivity.kt"
    kinds = {"--ez": "Boolean", "--es": "String", "--ei": "Int", "--ef": "Float"}
    for kind, name in zip(words[::3], words[1::3], strict=True):
        assert f'get{kinds[kind]}Extra("{name}"' in screen.read_text()


def test_what_the_app_warns_of_is_said_once(phone: Adb, root: Path) -> None:
    (root / "do").write_text("model['warnings'] = ['the app was not on screen all the time']")
    assert measure(phone).models[1].warnings == ("the app was not on screen all the time",)


@pytest.mark.parametrize(
    ("build", "declared"),
    [("none", "is not installed on adb:R58M"), ("release", "is a release build")],
)
def test_an_app_that_is_not_there_or_lets_nobody_in_is_said(
    phone: Adb, root: Path, build: str, declared: str
) -> None:
    (root / "build").write_text(build)
    with pytest.raises(DeviceError, match=declared) as raised:
        measure(phone)
    assert "installDebug" in raised.value.hint
    assert left_behind(root) == []


@pytest.mark.parametrize(
    ("do", "declared"),
    [
        ("sys.exit('Error type 3')", "refuses: Error type 3"),
        ("print('Error: Activity class does not exist.'); sys.exit()", "cannot be started"),
        (
            "print('java.lang.SecurityException: Permission Denial'); sys.exit()",
            "Permission Denial",
        ),
        ("document = {'schema_version': 1, 'error': 'no room'}", "refuses (float|int8): no room"),
        ("text = ''", "is damaged"),
        ("text = json.dumps(document)[:-9]", "is damaged"),
        ("text = '[' * 100_000", "is damaged"),
        ("text = ' ' * 4_000_001", "damaged: its size is 4000001"),
        ("document['runs'] = []", "is damaged"),
        ("document['runs'] *= 2", "is damaged"),
        ("document['schema_version'] = 2", "has version 2"),
        ("document['runs'][0]['models'] *= 2", "is damaged"),
        ("model['latency']['rounds'] *= 2", "is damaged"),
        ("model['latency']['rounds'] = [{}]", "init_ns is missing"),
        ("times['timed_ns'] = []", "its times cannot be"),
        (f"times['reported'] = dict.fromkeys({REPORTED}, 1)", "its times cannot be"),
        ("times['timed_ns'] = [5, 0]", "its times cannot be"),
        ("times['timed_ns'] = [10**400]", "should be a whole number"),
        ("times['timed_ns'] = ['1']", "should be a whole number"),
        ("model['size']['sha256'] = 'ab'", "about another model"),
        ("model['latency']['threads'] = 1", "about another model or other threads"),
    ],
)
def test_no_answer_of_the_app_is_taken_that_cannot_be(
    phone: Adb, root: Path, do: str, declared: str
) -> None:
    (root / "do").write_text(do)
    with pytest.raises(DeviceError, match=declared):
        measure(phone)
    assert left_behind(root) == []


def test_an_app_that_never_answers_is_not_waited_for_forever(phone: Adb, root: Path) -> None:
    (root / "do").write_text("sys.exit()")
    with pytest.raises(DeviceError, match=r"gave no answer in 0\.8 s"):
        measure(phone, patience=Patience(answer_seconds=0.5, poll_seconds=0.01))
    assert left_behind(root) == []


def test_an_app_that_crashed_is_noticed_at_once(phone: Adb, root: Path) -> None:
    (root / "do").write_text("(root / 'pid').unlink(); sys.exit()")
    with pytest.raises(DeviceError, match="was closed, or crashed"):
        measure(phone, patience=Patience(answer_seconds=600, poll_seconds=0.01))
    assert left_behind(root) == []


def test_the_answer_of_the_last_round_is_not_taken_for_this_one(phone: Adb, root: Path) -> None:
    (root / "do").write_text(
        "done = (root / 'asked').read_text().count('start')\nif done > 2: sys.exit()"
    )
    with pytest.raises(DeviceError, match="gave no answer"):
        measure(phone, patience=Patience(answer_seconds=0.5, poll_seconds=0.01))


def test_a_lost_phone_is_said(phone: Adb, root: Path) -> None:
    (root / "do").write_text("(root / 'state').write_text('offline')")
    with pytest.raises(DeviceError, match="offline"):
        measure(phone)


def test_what_the_app_cannot_do_is_refused(phone: Adb) -> None:
    with pytest.raises(UsageError, match="its own LiteRT"):
        measure(phone, runtime="litert")
    with pytest.raises(UsageError, match="its own LiteRT"):
        measure(phone, delegates=(Path("gpu.so"),))
    job = BenchJob(cases=(Case(name="m", model=PROBE),), plan=TimingPlan(), per_operation=True)
    with pytest.raises(UsageError, match="need Python on the device"):
        measure_in_app(phone.target, job, export=export, adb=lambda _: phone)


def test_the_command_puts_an_exported_model_into_the_app(
    phone: Adb, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tiny_model()
    model = tmp_path / "tiny.tflite"
    model.write_bytes(write_card(content, tiny_card(content)))
    # A golden photo of the real export has arrived, too.
    (root / "do").write_text("assert (folder / 'golden/golden.json').exists()")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(app_module, "Patience", lambda: QUICK)
    words = ["bench", str(model), "--on", "adb:R58M", "--app", "--rounds", "2", "--json"]
    done = CliRunner().invoke(edgevision, words)
    assert done.exit_code == 0, done.output
    (measured,) = json.loads(done.stdout)["runs"][0]["models"]
    assert measured["size"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert "timed with int8 in place of uint8" in measured["warnings"][0]
    assert left_behind(root) == []
