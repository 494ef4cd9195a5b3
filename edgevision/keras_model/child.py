"""The child process in which TensorFlow runs, from its parent's side.

The child reads a request as its first line of input and says JSON objects, one a line; `listen`
hears them and may answer. At the end it says what came of it. Everything else it writes goes to
the log. `worker` is the other side.
"""

import contextlib
import importlib.util
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import edgevision
from edgevision.errors import EdgeVisionError, MissingDependencyError

Listener: TypeAlias = Callable[[dict[str, Any]], Any]
"""Gets what the child says; what it returns, unless None, is sent back to the child."""

LOG = "{log}"
"""Stands for the log's path in the child's messages; the parent knows it."""

_OUT_OF_MEMORY_EXITS = (-signal.SIGKILL, 137)
_LAST_LINES = "the log's last lines tell why"


class WorkerCrashError(EdgeVisionError, RuntimeError):
    """The child process ended without an answer: a crash, no memory, or too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a child is for, in the words of its errors."""

    name: str
    """"The conversion" or the like."""

    less_memory: str
    """What to do when memory does not suffice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child process that waits for its request."""

    process: subprocess.Popen[bytes]
    log_path: Path


@contextlib.contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str], log_path: Path
) -> Iterator[Child]:
    """Start `command`, with its standard error added to the file `log_path`.

    The end of the block, by whatever (Ctrl-C, an error), also ends the child.
    """
    with (
        log_path.open("ab") as log,
        subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C reaches only us, and we end the child with all that it started.
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Child(process=process, log_path=log_path)
        finally:
            _kill_group(process)


def serve(
    child: Child,
    errand: Errand,
    request: str,
    *,
    listen: Listener,
    timeout_s: float | None = None,
) -> None:
    """Send the request and hear the child to its end.

    Raises:
        WorkerCrashError: it crashed, ran out of memory, or took longer than `timeout_s`.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    process = child.process
    _say(process, request)
    if not (_listen(process, deadline, listen) and _ended(process, deadline)):
        message = f"{errand.name} did not end within {timeout_s:.0f} s; the log is {child.log_path}"
        raise WorkerCrashError(message, hint="allow more time, or look in the log where it hangs")
    _check_exit(process.returncode, errand, child.log_path)


def _say(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    # When the child is gone, its exit code and the log say more than this error would.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()


def _listen(process: subprocess.Popen[bytes], deadline: float | None, listen: Listener) -> bool:
    """Hear the child until it closes its stdout; False when the deadline came first."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    for line in _lines(process.stdout, deadline):
        if line is None:
            return False
        if (declared := _object(line)) is not None and (answer := listen(declared)) is not None:
            _say(process, json.dumps(answer))
    return True


def _lines(stream: IO[bytes], deadline: float | None) -> Iterator[bytes | None]:
    """Whole lines as they come, until the end or, with a last None, until the deadline."""
    begun = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := _left(deadline)) is None or left > 0:
            if not selector.select(left):
                continue
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                return
            *whole, begun = (begun + chunk).split(b"\n")
            yield from whole
    yield None


def _object(line: bytes) -> dict[str, Any] | None:
    """What was said, or None for a line that something else in the child printed at its start."""
    try:
        declared = json.loads(line)
    except ValueError:
        return None
    return declared if isinstance(declared, dict) else None


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else deadline - time.monotonic()


def _ended(process: subprocess.Popen[bytes], deadline: float | None) -> bool:
    left = _left(deadline)
    try:
        process.wait(left if left is None else max(0.0, left))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _check_exit(code: int, errand: Errand, log_path: Path) -> None:
    if code == 0:
        return
    the_log = f"the log is {log_path}"
    if code in _OUT_OF_MEMORY_EXITS:
        message = f"{errand.name} was ended from outside, most likely for lack of memory; {the_log}"
        raise WorkerCrashError(message, hint=errand.less_memory)
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        message = f"{errand.name} crashed ({name}); {the_log}"
        raise WorkerCrashError(message, hint="the log's last lines tell what it was doing")
    message = f"{errand.name} stopped with exit code {code}; {the_log}"
    raise WorkerCrashError(message, hint=_LAST_LINES)


def no_answer(errand: Errand, log_path: Path) -> WorkerCrashError:
    """The error for a child that ended well and said nothing of use."""
    message = f"{errand.name} ended without an answer; the log is {log_path}"
    return WorkerCrashError(message, hint=_LAST_LINES)


def child_environment(
    inherited: Mapping[str, str], *, legacy_keras: bool = False
) -> dict[str, str]:
    """The child's environment: TensorFlow quiet, and the Keras that is wanted.

    Args:
        inherited: This process's environment.
        legacy_keras: Make `tf.keras` the Keras-2 successor `tf_keras`.
    """
    environment = dict(inherited)
    environment["TF_CPP_MIN_LOG_LEVEL"] = inherited.get("TF_CPP_MIN_LOG_LEVEL", "1")
    environment["KERAS_BACKEND"] = "tensorflow"
    # TF-MOT sets it in any process that imports it.
    environment["TF_USE_LEGACY_KERAS"] = "1" if legacy_keras else "0"
    # Python 3.11: keep the user's folder out of the module path.
    environment["PYTHONSAFEPATH"] = "1"
    root = Path(edgevision.__file__).resolve().parents[1]
    if root.name not in {"site-packages", "dist-packages"}:
        # Run from a source tree: the child must find the same one.
        others = [inherited["PYTHONPATH"]] if inherited.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *others])
    return environment


def worker_command(module: str) -> tuple[str, ...]:
    """The command line of the child whose main module is `module`."""
    return (sys.executable, "-m", module)


def new_log(prefix: str) -> Path:
    """An empty temporary file."""
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".log")
    os.close(handle)
    return Path(name)


def require(purpose: str, *packages: str) -> None:
    """Raise when one of `packages` is not installed; takes no time, imports nothing.

    Raises:
        MissingDependencyError: with the pip line.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            message = f"{purpose} needs {package}, which is not installed"
            raise MissingDependencyError(message, hint="pip install 'edgevision[optimize]'")
