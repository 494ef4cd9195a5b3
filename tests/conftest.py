"""Fixtures for all tests: the shared real models and photos, and one small model of our own."""

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: children would inherit that Ctrl-C does nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# By default an example that takes over 200 ms of the wall clock fails: on a busy machine, any may.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

CLASSES = ("a-red", "b-green", "c-blue")
"""Sorted as the model's outputs are: class folders are labelled in that order."""

SIDE = 20


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real models and photos beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with colours.keras, nan.keras and ranged.keras."""
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("make_model.py")
    subprocess.run([sys.executable, str(script), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train/ and held-out/, class folders both."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "train", 12, seed=1)
    write_photos(folder / "held-out", 8, seed=2)
    return folder


@pytest.fixture(scope="session")
def optimized(tmp_path_factory: pytest.TempPathFactory, models: Path, photos: Path) -> Path:
    """The folder that `optimize colours.keras --int8` fills."""
    from edgevision.cli import run

    folder = tmp_path_factory.mktemp("optimized") / "colours-edge"
    words = ["optimize", str(models / "colours.keras"), "--int8", "--preprocess", "unit"]
    sets = ["--calibration", str(photos / "train"), "--eval", str(photos / "held-out")]
    assert run([*words, *sets, "-o", str(folder)]) == 0
    return folder


def write_photos(folder: Path, count: int, seed: int) -> None:
    """`count` photos of each class: noise with one channel brighter."""
    random = np.random.default_rng(seed)
    for channel, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            photo = random.integers(0, 120, (SIDE, SIDE, 3), np.uint8)
            photo[..., 2 - channel] += 100  # cv2 writes B, G, R
            cv2.imwrite(str(folder / name / f"{number}.png"), photo)
