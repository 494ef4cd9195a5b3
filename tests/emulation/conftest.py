"""The aarch64 userland that `tests/emulation/setup.sh` makes, and a way to run commands in it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USERLAND = ROOT / ".cache" / "aarch64"

Emulated = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def emulated() -> Emulated:
    """Runs `edgevision WORDS` as an aarch64 program on an emulated Cortex-A76 (a Pi 5)."""
    qemu = shutil.which("qemu-aarch64-static")
    if qemu is None or not (USERLAND / "site" / ".sources").is_file():
        pytest.skip("no aarch64 userland: run tests/emulation/setup.sh aarch64")
    interpreter = USERLAND / "root" / "usr" / "bin" / "python3.11"

    def call(*words: str, module: str = "edgevision") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [qemu, "-L", str(USERLAND / "root"), str(interpreter), "-m", module, *words],
            env={
                "PATH": os.environ["PATH"],
                # Behind the installed package: only modules of tests/ are found in the checkout.
                "PYTHONPATH": f"{USERLAND / 'site'}:{ROOT}",
                "QEMU_CPU": "cortex-a76",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    return call
