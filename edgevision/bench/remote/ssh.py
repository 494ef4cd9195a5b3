"""Measuring on a board over ssh: one connection carries code, models, progress and the result.

Nothing is installed or configured: `ssh` is the system's, with the user's keys, agent and
known_hosts, and host keys are checked. On the board a private folder exists while measuring runs
(`bootstrap`).
"""

import contextlib
import json
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, Any

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.bootstrap import SOURCE
from edgevision.bench.remote.bundle import AGENT, pack
from edgevision.bench.remote.target import SshTarget
from edgevision.bench.results.result import BenchRun
from edgevision.errors import (
    DeviceError,
    EdgeVisionError,
    MissingDependencyError,
    ModelError,
)
from edgevision.progress import Progress, silent
from edgevision.serialization.decode import from_plain

PROVISIONED = "$HOME/.cache/edgevision/bench"
"""The venv that `provision` makes on the board."""
_HEARTBEAT_SECONDS = 10
"""The board gives up after a minute of silence."""
_CLEANUP_SECONDS = 60
"""For removing a folder on a slow card."""
_REASONS = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key is not the one in known_hosts",
        "find out why; when the board was set up anew: ssh-keygen -R {host}",
    ),
    (
        "Host key verification failed",
        "its host key is not known",
        "run: ssh {login}   and compare the key's fingerprint with the board's",
    ),
    ("Permission denied", "it accepts none of your keys", "run: ssh-copy-id {login}"),
    ("Could not resolve", "no such host", "check the name, or use the IP address"),
    ("Connection refused", "no ssh server answers there", "enable ssh on the board (raspi-config)"),
    ("timed out", "it does not answer", "check that the board is on and in this network"),
    ("No route to host", "it does not answer", "check that the board is on and in this network"),
)
"""What OpenSSH says -> what that means -> what to do."""


def measure_over_ssh(
    target: SshTarget, job: BenchJob, *, options: Sequence[str] = (), progress: Progress = silent
) -> BenchRun:
    """Do the job on the board; `options` go to ssh as they are.

    Raises:
        DeviceError: the board cannot be reached, refuses us, has no runtime, or was lost midway.
        ModelError: a model is damaged, or the board's runtime refuses it.
    """
    source = SOURCE.replace("AGENT", AGENT)
    # Named for what it starts in turn: `sys.executable` is not it when $P is a wrapper script.
    command = (
        f'{_choose_python(target)}; export EDGEVISION_PYTHON="$P"; '
        f'exec "$P" -c {shlex.quote(source)}'
    )
    with tempfile.TemporaryFile() as errors, _start(target, command, options, errors) as process:
        feeding = threading.Thread(target=_feed, args=(process, pack(job)), daemon=True)
        feeding.start()
        try:
            answer = _listen(process, progress)
            code = process.wait(_CLEANUP_SECONDS)
        except subprocess.TimeoutExpired as error:
            message = f"{target} has answered and does not let go of the connection"
            raise DeviceError(message, hint="look there for processes that hang") from error
        finally:
            # On Ctrl-C, say: the board notices that standard input ended, and cleans up.
            process.terminate()
            feeding.join()
        errors.seek(0)
        stderr = errors.read().decode(errors="replace")
    if answer is None:
        raise _lost(target, code, stderr)
    if "error" in answer:
        raise _refused(target, answer)
    result = from_plain(
        BenchRun,
        answer["result"],
        where=f"the answer of {target}",
        error=DeviceError,
        hint="name another Python there, or run it again",
    )
    return replace(result, target=str(target))


def provision(target: SshTarget, *, options: Sequence[str] = (), folder: str = PROVISIONED) -> None:
    """Make a venv with a TFLite runtime on the board, for later runs to find; keeps it there.

    Raises:
        DeviceError: the board cannot be reached, or the installation fails there.
    """
    python = shlex.quote(target.python) if target.python else "python3"
    command = (
        f'set -e; D="{folder}"; {python} -m venv "$D"; '
        '"$D/bin/python" -m pip install --quiet --disable-pip-version-check '
        "numpy ai-edge-litert"
    )
    with tempfile.TemporaryFile() as errors, _start(target, command, options, errors) as process:
        process.communicate()
        errors.seek(0)
        code, stderr = process.returncode, errors.read().decode(errors="replace")
    if code == 255:
        raise _lost(target, code, stderr)
    if code:
        message = f"cannot provision {target}: {_last_line(stderr)}"
        raise DeviceError(message, hint="ai-edge-litert needs 64-bit Raspberry Pi OS; see doctor")


def _start(
    target: SshTarget, command: str, options: Sequence[str], errors: IO[bytes]
) -> "subprocess.Popen[bytes]":
    words = ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]
    words += ["-o", "ServerAliveInterval=10", *options]
    words += ["-p", str(target.port)] if target.port else []
    # `sh` whatever the user's login shell is.
    words += ["--", target.login, f"exec sh -c {shlex.quote(command)}"]
    try:
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    except FileNotFoundError as error:
        message = "there is no ssh program here"
        raise DeviceError(message, hint="apt install openssh-client") from error


def _choose_python(target: SshTarget) -> str:
    if target.python:
        return f"P={shlex.quote(target.python)}"
    return f'P="{PROVISIONED}/bin/python"; [ -x "$P" ] || P=python3'


def _feed(process: "subprocess.Popen[bytes]", bundle: bytes) -> None:
    """Send the bundle, then a byte now and then for as long as the other side lives."""
    stdin = process.stdin
    assert stdin is not None  # noqa: S101 - it is a pipe
    # When the other side has ended, what it said tells why.
    with contextlib.suppress(BrokenPipeError):
        stdin.write(f"{len(bundle):016d}".encode() + bundle)
        stdin.flush()
        while True:
            try:
                process.wait(_HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                stdin.write(b".")
                stdin.flush()
    with contextlib.suppress(BrokenPipeError):
        # Closing tries to send what a broken pipe left in the buffer.
        stdin.close()


def _listen(process: "subprocess.Popen[bytes]", progress: Progress) -> dict[str, Any] | None:
    """The result or error the agent sends; None when the connection ends without one."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            # A login script that greets.
            continue
        if not isinstance(message, dict):
            continue
        if "progress" in message:
            done, total, stage = message["progress"]
            progress(int(done), int(total), str(stage))
        elif "result" in message or "error" in message:
            return message
    return None


def _lost(target: SshTarget, code: int, stderr: str) -> DeviceError:
    for words, meaning, advice in _REASONS:
        if words in stderr:
            message = f"cannot reach {target}: {meaning}"
            return DeviceError(message, hint=advice.format(login=target.login, host=target.host))
    if code == 127:
        message = f"{target} has no Python: {_last_line(stderr)}"
        return DeviceError(message, hint="name it: ssh://user@host/path/to/python3")
    message = f"lost {target} midway (ssh ended with {code}): {_last_line(stderr)}"
    return DeviceError(message, hint="run it again; the board removes what was left there")


def _refused(target: SshTarget, answer: dict[str, Any]) -> EdgeVisionError:
    message, hint = f"on {target}: {answer['error']}", str(answer.get("hint", ""))
    if answer.get("exit_code") == ModelError.exit_code:
        return ModelError(message, hint=hint)
    if answer.get("exit_code") == MissingDependencyError.exit_code:
        hint = "bench --provision installs one there; or name a Python there that has one"
    return DeviceError(message, hint=hint)


def _last_line(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
