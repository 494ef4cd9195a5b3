"""A working directory as the examples of docs/python.md and of the docstrings have it."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def here(
    tmp_path: Path, models: Path, photos: Path, optimized: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder with model.keras, float32.tflite, int8.tflite, photos/ and held-out/ in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(models / "colours.keras", tmp_path / "model.keras")
    for name in ("float32.tflite", "int8.tflite"):
        shutil.copyfile(optimized / name, tmp_path / name)
    (tmp_path / "photos").symlink_to(photos / "train")
    (tmp_path / "held-out").symlink_to(photos / "held-out")
    return tmp_path
