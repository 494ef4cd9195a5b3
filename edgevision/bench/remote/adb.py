"""Android's `adb` program: commands on one phone, and a folder there that is removed again."""

import secrets
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edgevision.bench.remote.target import AdbTarget
from edgevision.errors import DeviceError

_FOLDER = "/data/local/tmp"
"""The one place where Android lets the shell user run programs."""
_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Adb:
    """The `adb` program talking to one device."""

    target: AdbTarget
    program: str = "adb"

    def __call__(self, *words: str) -> str:
        """Output of one adb command.

        Raises:
            DeviceError: there is no adb, no such device, or the command fails there.
        """
        chosen = ["-s", self.target.serial] if self.target.serial else []
        try:
            reply = subprocess.run(
                [self.program, *chosen, *words],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            message = "there is no adb program here"
            raise DeviceError(
                message, hint="apt install adb, or Android's platform-tools"
            ) from error
        except subprocess.TimeoutExpired as error:
            message = f"{self.target} did not answer for {_SECONDS} s"
            raise DeviceError(message, hint="unplug it, plug it in, and try again") from error
        # benchmark_model writes its results on stderr.
        output = reply.stdout + reply.stderr
        if reply.returncode:
            raise _refusal(self.target, output)
        return output

    def shell(self, command: str) -> str:
        """Output of one command line in the device's shell."""
        return self("shell", command)

    def run(self, *words: str) -> str:
        """Output of one command of the device, given as words."""
        return self.shell(shlex.join(words))


@contextmanager
def temporary_folder(phone: Adb) -> Iterator[str]:
    """Path of a new folder on the phone, removed when the block ends.

    Raises:
        DeviceError: the phone cannot be reached.
    """
    phone("get-state")
    folder = f"{_FOLDER}/edgevision-bench-{secrets.token_hex(4)}"
    phone.run("mkdir", folder)
    try:
        yield folder
    finally:
        phone.run("rm", "-rf", folder)


def _refusal(target: AdbTarget, output: str) -> DeviceError:
    reasons = (
        ("unauthorized", "it has not allowed this computer", "confirm the question on its screen"),
        ("no devices", "no phone is connected", "switch on USB debugging and plug it in"),
        ("not found", "no such phone or file", "adb devices   lists the phones"),
        ("offline", "it is offline", "unplug it and plug it in again"),
        ("more than one", "several phones are connected", "name one: --on adb:SERIAL"),
        ("not executable", "the binary is for another CPU", "getprop ro.product.cpu.abi names it"),
    )
    last = next(
        (line.strip() for line in reversed(output.splitlines()) if line.strip()), "no reason"
    )
    for words, meaning, advice in reasons:
        if words in output:
            return DeviceError(f"cannot use {target}: {meaning} ({last})", hint=advice)
    return DeviceError(f"{target} refuses: {last}", hint="run with --debug to see what was asked")
