"""Measuring on an Android phone with the demo app's benchmark screen, steered over `adb`.

Models go through `run-as` into the app's private files, where only a debug build lets them in and
where no other app can write. What the screen takes and writes is BenchmarkActivity.kt's.
"""

import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from time import monotonic, sleep

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.adb import Adb, temporary_folder
from edgevision.bench.remote.phone import (
    in_rounds,
    measured_on_phone,
    model_files,
    read_phone,
    result_on_phone,
)
from edgevision.bench.remote.target import AdbTarget
from edgevision.bench.results.result import BenchRun, Measured, from_document
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, Round
from edgevision.errors import DeviceError, UsageError
from edgevision.files import sha256_of
from edgevision.progress import Progress, silent
from edgevision.serialization.json_text import parse_json
from edgevision.serialization.limits import STRANGER

Export = Callable[[Path, Path], str]
"""Writes what the app needs of a `.tflite` into a new folder: the file as the app runs it, its card
and golden photos. Returns the SHA-256 of that file."""

_PACKAGE = "com.edgevision.demo"
_RESULT = "benchmark.json"
_MOST_BYTES = 4_000_000
"""The screen times 10000 runs at most, each a number of at most 13 digits."""
_MOST_NS = 10**13
"""Hours: no time that a screen was waited for."""
_GONE_POLLS = 5
"""A process may take some seconds to appear."""
_INSTALL = "in android_demo/: ./gradlew :app:installDebug   (docs/android.md)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the app is waited for, in seconds."""

    answer_seconds: float = 600.0
    """For one round of one model, beside the seconds that are timed."""
    poll_seconds: float = 1.0
    """Asking takes the phone a few milliseconds of one core, so not too often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _AppModel:
    """A model in the app's private files."""

    folder: str
    """Its name there."""
    sha256: str
    is_rewritten: bool


def measure_in_app(
    target: AdbTarget,
    job: BenchJob,
    *,
    export: Export,
    adb: Callable[[AdbTarget], Adb] = lambda target: Adb(target=target),
    patience: Patience | None = None,
    progress: Progress = silent,
) -> BenchRun:
    """Do the job on a phone with the demo app that is installed there, as a debug build.

    Each round starts the app afresh for every model, in a shuffled order.

    Raises:
        UsageError: the job asks for what the app does not give.
        ModelError: the app could not run a model, see `export`.
        DeviceError: the phone cannot be reached, the app is not there or lets nobody in, it refuses
            a model, does not answer, or answers nonsense.
    """
    files, phone = model_files(job), adb(target)
    for case in job.cases:
        if case.runtime != "auto" or case.delegates:
            message = "the app runs models in its own LiteRT, on the CPU"
            raise UsageError(message, hint="leave --runtime and --delegate out")
    with tempfile.TemporaryDirectory(prefix="edgevision-app-") as temporary:
        local = Path(temporary) / "models"
        local.mkdir()
        digests = [export(file, local / str(number)) for number, file in enumerate(files)]
        with _pushed(phone, local, len(files)) as folders:
            models = [
                _AppModel(folder=folder, sha256=digest, is_rewritten=digest != sha256_of(file))
                for folder, digest, file in zip(folders, digests, files, strict=True)
            ]
            host = read_phone(phone)
            found = in_rounds(
                job,
                lambda index, case: _run(phone, models[index], case, job, patience or Patience()),
                progress,
            )
    # The app's own warm-up, which is another than the plan's.
    done = found[0][0].plan
    plan = replace(job.plan, warmup_runs=done.warmup_runs, warmup_seconds=0.0, block_seconds=0.0)
    return result_on_phone(
        phone,
        host,
        plan,
        [
            _measured(case, model, answers)
            for case, model, answers in zip(job.cases, models, found, strict=True)
        ],
    )


@contextmanager
def _pushed(phone: Adb, local: Path, count: int) -> Iterator[list[str]]:
    """Names of folders in the app's files, the content of local/0, local/1 ...; then removed."""
    with temporary_folder(phone) as staging:
        # First of all: is the app there, and does it let us in?
        _run_as(phone, "mkdir", "-p", "files")
        folders = [f"{Path(staging).name}-{number}" for number in range(count)]
        try:
            phone("push", str(local), f"{staging}/models")
            # The app is another user, who copies them.
            phone.run("chmod", "-R", "755", staging)
            for number, folder in enumerate(folders):
                _run_as(phone, "cp", "-r", f"{staging}/models/{number}", f"files/{folder}")
            yield folders
        finally:
            phone.run("am", "force-stop", _PACKAGE)
            _run_as(phone, "rm", "-rf", *(f"files/{folder}" for folder in folders))


def _run(phone: Adb, model: _AppModel, case: Case, job: BenchJob, patience: Patience) -> BenchRun:
    """One fresh start of the app; its answer."""
    plan, result = job.plan, f"files/{model.folder}/{_RESULT}"
    options = {
        "--ez run": "true",
        "--es folder": model.folder,
        "--ei runs": str(max(2, ceil(plan.least_runs / plan.rounds))),
        "--ef seconds": f"{plan.seconds / plan.rounds:g}",
        "--ei threads": str(case.threads),
    }
    words = [word for name, value in options.items() for word in (*name.split(), value)]
    _run_as(phone, "rm", "-f", result)
    output = phone.run("am", "start", "-S", "-n", f"{_PACKAGE}/.BenchmarkActivity", *words)
    # Older versions of am exit with 0 all the same.
    if failed := re.search(r"^(?:Error:|Exception|java\.|Security).*", output, re.MULTILINE):
        message = f"the app's benchmark screen cannot be started on {phone.target}: {failed[0]}"
        raise DeviceError(message, hint=f"it may be another version of the app; {_INSTALL}")
    _wait(phone, model, patience, patience.answer_seconds + plan.seconds / plan.rounds)
    size = _run_as(phone, "wc", "-c", result).split()[0]
    if not size.isdigit() or int(size) > _MOST_BYTES:
        raise _damaged(phone, case, f"its size is {size}")
    return _answer(phone, model, case, _run_as(phone, "cat", result))


def _wait(phone: Adb, model: _AppModel, patience: Patience, seconds: float) -> None:
    deadline, gone = monotonic() + seconds, 0
    while monotonic() < deadline:
        sleep(patience.poll_seconds)
        ask = shlex.join(["run-as", _PACKAGE, "ls", f"files/{model.folder}"])
        output = phone.shell(f"pidof {_PACKAGE}; {ask}").split()
        if _RESULT in output:
            return
        gone = 0 if any(word.isdigit() for word in output) else gone + 1
        if gone == _GONE_POLLS:
            message = f"the app on {phone.target} was closed, or crashed, before it answered"
            raise DeviceError(message, hint="adb logcat -b crash -d   may say why")
    message = f"the app on {phone.target} gave no answer in {seconds:g} s"
    raise DeviceError(
        message, hint=f"unlock the phone; if the app is older than this program: {_INSTALL}"
    )


def _answer(phone: Adb, model: _AppModel, case: Case, text: str) -> BenchRun:
    try:
        document = parse_json(text, where="it", limits=STRANGER)
        if isinstance(document, dict) and isinstance(error := document.get("error"), str):
            message = f"the app on {phone.target} refuses {case.name}: {error[:500]}"
            raise DeviceError(message, hint="adb logcat -d   may say more")
        (result,) = from_document(document, name="it", limits=STRANGER)
        (measured,) = result.models
        (one,) = measured.latency.rounds
    # UsageError is a ValueError.
    except ValueError as error:
        raise _damaged(phone, case, str(error)) from error
    times = (one.init_ns, one.first_ns, *one.warmup_ns, *one.timed_ns)
    if one.reported or not one.timed_ns or not all(0 < time < _MOST_NS for time in times):
        raise _damaged(phone, case, "its times cannot be")
    if (measured.size.sha256, measured.latency.threads) != (model.sha256, case.threads):
        raise _damaged(phone, case, "it is about another model or other threads")
    return result


def _damaged(phone: Adb, case: Case, why: str) -> DeviceError:
    message = f"what the app on {phone.target} answers for {case.name} is damaged: {why}"
    return DeviceError(message, hint=f"bring app and program to the same version; {_INSTALL}")


def _measured(case: Case, model: _AppModel, answers: Sequence[BenchRun]) -> Measured:
    rounds: tuple[Round, ...] = tuple(answer.models[0].latency.rounds[0] for answer in answers)
    # The app cannot tell which LiteRT it was built with.
    latency = Latency(
        name=case.name, threads=case.threads, runtime="litert-android CPU", rounds=rounds
    )
    warnings = list(dict.fromkeys(w for answer in answers for w in answer.models[0].warnings))
    if model.is_rewritten:
        warnings.append("timed with int8 in place of uint8, which LiteRT's Kotlin API lacks")
    return measured_on_phone(
        case,
        latency,
        delegation_reason="the app does not list its operations",
        memory_reason="the app does not measure it",
        warnings=warnings,
    )


def _run_as(phone: Adb, *words: str) -> str:
    """Output of a command run as the app, in the folder of its private data."""
    try:
        return phone.run("run-as", _PACKAGE, *words)
    except DeviceError as error:
        if "unknown package" in str(error):
            message = f"the demo app ({_PACKAGE}) is not installed on {phone.target}"
            raise DeviceError(message, hint=_INSTALL) from error
        if "not debuggable" in str(error):
            message = f"the demo app on {phone.target} is a release build, which lets no model in"
            raise DeviceError(message, hint=_INSTALL) from error
        raise
