"""`edgevision demo`: train a small network as a user would, then type the user's commands."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import EdgeVisionError, MissingDependencyError, UsageError

MARK = ".edgevision-demo"
"""The file by which we know a folder as one that a demo filled, and may fill again."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    (
        *("calibration", "build", "train", "--eval", "held-out"),
        *("--preprocess", "unit", "--count", "200"),
    ),
    ("optimize", "digits.keras", "--int8"),
    ("inspect", "digits-edge/int8.tflite"),
    (
        *("evaluate", "digits-edge/int8.tflite", "--data", "held-out"),
        *("--against", "digits-edge/float32.tflite"),
    ),
    ("bench", "digits-edge/float32.tflite", "digits-edge/int8.tflite"),
)
"""Exactly what a user types, in the demo's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Where the demo's results lie."""

    folder: Path
    seconds: float


def run_demo(
    folder: Path,
    *,
    overwrite: bool = False,
    say: Callable[[str], None] = print,
    clock: Callable[[], float] = time.perf_counter,
) -> Demo:
    """Write photos, train, and run COMMANDS in `folder`.

    Args:
        folder: to be filled.
        overwrite: fill a folder again that an earlier demo filled.
        say: told each command before it runs.
        clock: seconds.

    Raises:
        MissingDependencyError: TensorFlow or scikit-learn is missing.
        UsageError: the folder holds something else.
        EdgeVisionError: a command failed; its exit code is in the message.
    """
    for module, extra in (("tensorflow", "optimize"), ("keras", "optimize"), ("sklearn", "demo")):
        if importlib.util.find_spec(module) is None:
            message = f"the demo needs {module}, which is not installed"
            raise MissingDependencyError(message, hint=f"pip install 'edgevision[{extra}]'")
    _claim(folder, overwrite=overwrite)
    begun = clock()
    say("$ python train_digits.py .   # a small CNN on scikit-learn's digits; log: train.log")
    _train(folder)
    for command in COMMANDS:
        say(f"\n$ edgevision {shlex.join(command)}")
        _check(subprocess.run(_edgevision(command), cwd=folder, check=False), command)
    return Demo(folder=folder, seconds=clock() - begun)


def _claim(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            message = f"{folder} holds files that are not the demo's"
            raise UsageError(message, hint="choose another folder with -o")
        if not overwrite:
            message = f"{folder} holds an earlier demo"
            raise UsageError(message, hint="add --overwrite, or choose another folder with -o")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _train(folder: Path) -> None:
    script = Path(__file__).with_name("train_digits.py")
    log = folder / "train.log"
    with log.open("wb") as output:
        process = subprocess.run(
            [sys.executable, str(script.resolve()), str(folder.resolve())],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
            check=False,
        )
    if process.returncode:
        message = f"training failed with exit code {process.returncode}"
        raise EdgeVisionError(message, hint=f"see {log}")


def _edgevision(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "edgevision", *command]


def _check(process: "subprocess.CompletedProcess[bytes]", command: Sequence[str]) -> None:
    if process.returncode:
        message = f"edgevision {command[0]} failed with exit code {process.returncode}"
        raise EdgeVisionError(message, hint="its own words are above")
