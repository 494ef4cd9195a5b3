"""The whole camera command on the processors of a Pi 3, 4 and 5, emulated, on a live stream.

Says nothing about a Pi's speed. The emulator refuses instructions that a processor lacks, so each
is given the /proc/cpuinfo of its own board; with another's, LiteRT dies of an illegal instruction.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.camera.conftest import CameraStand
from tests.emulation.conftest import ROOT, USERLAND

pytestmark = pytest.mark.slow

BOARDS = {
    "cortex-a53": ("0xd03", "fp asimd evtstrm crc32 cpuid"),
    "cortex-a72": ("0xd08", "fp asimd evtstrm crc32 cpuid"),
    "cortex-a76": (
        "0xd0b",
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimddp",
    ),
}
"""Processor -> (ARM part number, features as the board's kernel names them)."""


def sysroot_of(cpu: str, folder: Path) -> Path:
    """The userland, seen through links, with the processor's own /proc/cpuinfo."""
    part, features = BOARDS[cpu]
    for entry in (USERLAND / "root").iterdir():
        if entry.name != "proc":
            (folder / entry.name).symlink_to(entry)
    (folder / "proc").mkdir()
    (folder / "proc" / "cpuinfo").write_text(
        "".join(
            f"processor\t: {core}\nBogoMIPS\t: 108.00\nFeatures\t: {features}\n"
            f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n"
            f"CPU part\t: {part}\nCPU revision\t: 3\n\n"
            for core in range(4)
        )
    )
    return folder


@pytest.fixture
def stand() -> Iterator[CameraStand]:
    made = CameraStand()
    yield made
    made.clear()


@pytest.mark.parametrize("cpu", BOARDS)
def test_camera_runs_on_a_live_stream(
    cpu: str, stand: CameraStand, shared: Path, tmp_path: Path
) -> None:
    qemu = shutil.which("qemu-aarch64-static")
    if qemu is None or not (USERLAND / "site" / ".sources").is_file():
        pytest.skip("no aarch64 userland: run tests/emulation/setup.sh aarch64")
    (tmp_path / "root").mkdir()
    root = sysroot_of(cpu, tmp_path / "root")
    log = tmp_path / "results.jsonl"
    model = shared / "models" / "mlperf_vww_96_int8_ref.tflite"
    words = ["camera", str(model), "--preprocess", "unit", "--frames", "10", "--json"]
    words += ["--source", stand.start(width=320, height=240, fps=5).url, "--output", f"jsonl:{log}"]
    words += ["--open-timeout", "60", "--stall-timeout", "60", "--threshold", "0"]
    done = subprocess.run(
        [qemu, "-L", str(root), str(root / "usr/bin/python3.11"), "-m", "edgevision", *words],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{USERLAND / 'site'}:{ROOT}",
            "QEMU_CPU": cpu,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["results"] == 10
    assert document["xnnpack"]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(abs(sum(a["score"] for a in line["answers"]) - 1) < 0.02 for line in lines)


def test_camera_runs_on_32_bits_with_tflite_runtime(shared: Path, tmp_path: Path) -> None:
    qemu, userland = shutil.which("qemu-arm-static"), ROOT / ".cache" / "armhf"
    if qemu is None or not (userland / "site" / ".complete").is_file():
        pytest.skip("no armhf userland: run tests/emulation/setup.sh armhf")
    root = userland / "root"
    libraries = root / "usr/lib/arm-linux-gnueabihf"
    # Debian's links to these are absolute, and lead out of the userland.
    found = ":".join(str(libraries / name) for name in ("blas", "lapack", ""))
    model = shared / "models" / "mlperf_vww_96_int8_ref.tflite"
    words = ["camera", str(model), "--preprocess", "unit", "--frames", "5", "--json"]
    words += ["--source", "synthetic:320x240@2", "--open-timeout", "60", "--stall-timeout", "60"]
    environment = ["-E", f"LD_LIBRARY_PATH={found}"]
    environment += ["-E", f"PYTHONPATH={userland / 'site'}:{ROOT}"]
    done = subprocess.run(
        [qemu, *environment, "-L", root, root / "usr/bin/python3.11", "-m", "edgevision", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["results"] == 5
    assert document["runtime"] == "tflite-runtime 2.14.0"
    assert not document["xnnpack"]
    assert "XNNPACK is off" in done.stderr
