"""The child process in which TensorFlow runs: started, listened to, answered, and ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import edgevision
from edgevision.errors import EdgeVisionError

Listener = Callable[[dict[str, Any]], Any]
"""Gets what the child says; what it returns, unless None, is sent back to the child."""

_KILLED_FOR_MEMORY = (-signal.SIGKILL, 137)


def run_child(
    command: Sequence[str],
    request: str,
    *,
    log: IO[bytes],
    log_path: Path,
    listen: Listener,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `command`, give it `request` as its first line, and hand its JSON lines to `listen`.

    Whatever ends this call early (Ctrl-C, an error in `listen`) also ends the child.

    Raises:
        EdgeVisionError: the child ended without being done.
    """
    with subprocess.Popen(
        command,
        env=dict(environment if environment is not None else child_environment(os.environ)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        # Ctrl-C reaches only us, and we end the child.
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101
        try:
            _say(process.stdin, request)
            for line in process.stdout:
                answer = listen(json.loads(line))
                if answer is not None:
                    _say(process.stdin, json.dumps(answer))
            process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode in _KILLED_FOR_MEMORY:
        message = f"pruning was ended from outside, most likely for lack of memory; see {log_path}"
        raise EdgeVisionError(message, hint="a smaller --batch-size needs less memory")
    if process.returncode:
        message = f"pruning stopped with exit code {process.returncode}; the log is {log_path}"
        raise EdgeVisionError(message, hint="the log's last lines tell why")


def _say(pipe: IO[str], line: str) -> None:
    try:
        pipe.write(line + "\n")
        pipe.flush()
    except BrokenPipeError:
        # The child is gone; its exit code and the log say more than this error would.
        pass


def child_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: Keras 3 on TensorFlow, whatever this process was told to use."""
    environment = dict(inherited)
    environment["TF_CPP_MIN_LOG_LEVEL"] = inherited.get("TF_CPP_MIN_LOG_LEVEL", "1")
    environment["KERAS_BACKEND"] = "tensorflow"
    # Set by TF-MOT in any process that imports it.
    environment["TF_USE_LEGACY_KERAS"] = "0"
    # Python 3.11: keep the user's folder out of the module path.
    environment["PYTHONSAFEPATH"] = "1"
    root = Path(edgevision.__file__).resolve().parents[1]
    if root.name not in {"site-packages", "dist-packages"}:
        # Run from a source tree: the child must find the same one.
        others = [inherited["PYTHONPATH"]] if inherited.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *others])
    return environment


def worker_command() -> tuple[str, ...]:
    """The command line of the child."""
    return (sys.executable, "-m", "edgevision.compress.worker")
