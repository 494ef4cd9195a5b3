"""The documents that `--json` prints: one on stdout, and it says its version."""

import json
from pathlib import Path

import pytest

from edgevision.cli import console, run

COMMANDS = {
    "inspect": ["inspect", "{built}/int8.tflite"],
    "evaluate": ["evaluate", "{built}/int8.tflite", "--data", "{photos}/held-out"],
    "verify": [
        *("verify", "{built}/float32.tflite", "{built}/int8.tflite"),
        *("--data", "{photos}/held-out", "--no-remedies"),
    ],
    "quantize": ["quantize", "{built}/float32.tflite", "--fp16", "-o", "{here}/fp16.tflite"],
    "convert": ["convert", "{models}/colours.keras", "-o", "{here}/colours.tflite"],
    "prune": ["prune", "{models}/colours.keras", "--dry-run"],
    "calibration build": ["calibration", "build", "{photos}/train", "-o", "{here}/set"],
    "calibration check": ["calibration", "check", "{photos}/train"],
    "doctor": ["doctor"],
    "doctor camera": ["doctor", "camera"],
    "android check": ["android", "check", "{android}"],
}


@pytest.fixture
def places(tmp_path: Path, models: Path, photos: Path, optimized: Path) -> dict[str, Path]:
    """What stands in braces in `COMMANDS`."""
    android = Path(__file__).resolve().parents[2] / "android_demo"
    found = {"built": optimized, "photos": photos, "models": models}
    return {**found, "here": tmp_path, "android": android}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_document_of_a_command_says_its_version(
    name: str, places: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run([*(word.format(**places) for word in COMMANDS[name]), "--json"])
    document = json.loads(capsys.readouterr().out)
    # Those of these two changed their shape once.
    version = 2 if name in {"evaluate", "verify"} else 1
    assert next(iter(document.items())) == ("schema_version", version)


def test_a_version_of_its_own_stays(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"loss": float("nan"), "schema_version": 7})
    assert json.loads(capsys.readouterr().out) == {"schema_version": 7, "loss": None}
