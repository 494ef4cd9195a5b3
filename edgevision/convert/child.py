"""Running the child process, and making one clear error of whatever becomes of it."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import edgevision
from edgevision.errors import EdgeVisionError

_LESS_MEMORY = "close other programs, or convert on a machine with more memory"
_OUT_OF_MEMORY_EXITS = (-signal.SIGKILL, 137)


class WorkerCrashError(EdgeVisionError, RuntimeError):
    """The child process ended without an answer: a crash, no memory, or too long."""


def run_child(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: IO[bytes],
    log_path: Path,
    timeout_s: float,
    on_line: Callable[[str], None],
) -> None:
    """Run `command` to its end; its stdout lines go to `on_line`, its stderr to `log`.

    Whatever ends this call early (Ctrl-C, an error in `on_line`) also ends the child.

    Raises:
        WorkerCrashError: it crashed, ran out of memory, or took longer than `timeout_s`.
    """
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        # Ctrl-C reaches only us, and we end the child with all that it started.
        start_new_session=True,
    ) as process:
        try:
            finished = _follow(process, time.monotonic() + timeout_s, on_line)
            if finished:
                process.wait()
        finally:
            _kill_group(process)
    if not finished:
        message = f"the conversion did not end within {timeout_s:.0f} s; the log is {log_path}"
        raise WorkerCrashError(message, hint="allow more time, or look in the log where it hangs")
    _check_exit(process.returncode, log_path)


def _follow(
    process: subprocess.Popen[bytes], deadline: float, on_line: Callable[[str], None]
) -> bool:
    """Pass on lines until the child closes its stdout; False when the deadline came first."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                continue
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                return _ended(process, deadline)
            for line in chunk.decode("utf-8", "replace").splitlines():
                on_line(line)
    return False


def _ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _check_exit(code: int, log_path: Path) -> None:
    if code == 0:
        return
    if code in _OUT_OF_MEMORY_EXITS:
        message = (
            f"the conversion was ended from outside, most likely for lack of memory;"
            f" the log is {log_path}"
        )
        raise WorkerCrashError(message, hint=_LESS_MEMORY)
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        message = f"TensorFlow's converter crashed ({name}); the log is {log_path}"
        raise WorkerCrashError(message, hint="the log's last lines tell what it was doing")
    message = f"the conversion stopped with exit code {code}; the log is {log_path}"
    raise WorkerCrashError(message, hint="the log's last lines tell why")


def child_environment(inherited: Mapping[str, str], *, legacy_keras: bool) -> dict[str, str]:
    """The child's environment: TensorFlow quiet, on the CPU, and the Keras that is wanted.

    Args:
        inherited: this process's environment.
        legacy_keras: make `tf.keras` the Keras-2 successor `tf_keras`.
    """
    environment = dict(inherited)
    # We convert; a GPU would only take seconds to set up.
    environment["CUDA_VISIBLE_DEVICES"] = "-1"
    environment["TF_CPP_MIN_LOG_LEVEL"] = "1"
    # Reorders sums depending on the processor; the comparison wants plain float32.
    environment["TF_ENABLE_ONEDNN_OPTS"] = "0"
    environment["KERAS_BACKEND"] = "tensorflow"
    environment["TF_USE_LEGACY_KERAS"] = "1" if legacy_keras else "0"
    # Python 3.11: keep the user's folder out of the module path.
    environment["PYTHONSAFEPATH"] = "1"
    root = Path(edgevision.__file__).resolve().parents[1]
    if root.name not in {"site-packages", "dist-packages"}:
        # Run from a source tree: the child must find the same one.
        others = [inherited["PYTHONPATH"]] if inherited.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *others])
    return environment


def worker_command(job_path: Path) -> tuple[str, ...]:
    """The command line of the child."""
    return (sys.executable, "-m", "edgevision.convert.worker", str(job_path))
