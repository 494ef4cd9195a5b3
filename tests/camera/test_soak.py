"""A minute and a half in the life of the command; benchmarks/camera_soak.py does ten."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.camera.conftest import ROOT
from tests.camera.test_command import environment


@pytest.mark.slow
def test_memory_threads_and_files_stay_flat_through_trouble(shared: Path) -> None:
    model = shared / "models" / "mlperf_vww_96_int8_ref.tflite"
    words = [str(model), "--preprocess", "unit", "--minutes", "1.5"]
    reply = subprocess.run(
        [sys.executable, "benchmarks/camera_soak.py", *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert reply.returncode == 0, reply.stdout + reply.stderr
