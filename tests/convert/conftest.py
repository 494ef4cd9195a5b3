"""The test models, built and converted once for all tests here."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Gallery:
    """Test models by name, with what became of them."""

    folder: Path

    def answer(self, name: str) -> dict[str, Any]:
        """What the worker answered: "converted" or "error"."""
        answer: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return answer

    def converted(self, name: str) -> dict[str, Any]:
        answer = self.answer(name)
        assert "converted" in answer, answer
        converted: dict[str, Any] = answer["converted"]
        return converted

    def error(self, name: str) -> dict[str, str]:
        answer = self.answer(name)
        assert "error" in answer, answer
        error: dict[str, str] = answer["error"]
        return error

    def model(self, name: str) -> Path:
        return self.folder / f"{name}.keras"

    def tflite(self, name: str) -> Path:
        return self.folder / f"{name}.tflite"

    def example(self, name: str) -> tuple[dict[str, NDArray[Any]], list[NDArray[Any]]]:
        """Inputs by name, and Keras's outputs for them."""
        with np.load(self.folder / f"{name}.npz") as file:
            arrays = {key: file[key] for key in file.files}
        outputs = [arrays.pop(key) for key in sorted(k for k in arrays if k.startswith("output_"))]
        return arrays, outputs


def child_env() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }


def built(module: str, folder: Path) -> Path:
    """`folder` with the models that `python -m module folder` makes."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder)],
        cwd=ROOT,
        env=child_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    return Gallery(built("tests.convert.build", tmp_path_factory.mktemp("gallery")))
