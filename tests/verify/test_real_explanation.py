"""A file that another converter made, explained against our float conversion of the same model."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.cli import run

pytestmark = pytest.mark.slow


def divergence(agreement: dict[str, Any]) -> float:
    return float(agreement["metrics"]["mean_kl"]["value"])


def test_reference_int8_of_resnet8_is_explained(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgevision.cli.commands.verify import verify

    original = tmp_path / "float.tflite"
    keras = shared / "models" / "mlperf_resnet8_cifar10.h5"
    assert run(["convert", str(keras), "-o", str(original)]) == 0
    capsys.readouterr()
    verify(
        original,
        shared / "models" / "mlperf_resnet8_cifar10_int8_ref.tflite",
        data=shared / "cifar10" / "evaluation.npz",
        calibration=shared / "cifar10" / "calibration.npz",
        preprocess="raw",
        as_json=True,
    )
    document = json.loads(capsys.readouterr().out)
    worst = document["layers"][document["worst"][0]]
    # The pool has the scale of its input, of which it uses a tenth.
    assert worst["name"] == "average_pooling2d"
    assert worst["cause"]["label"] == "tiny beside wide"
    assert document["unmatched"] == []
    remedies = document["remedies"]
    best = min(divergence(one["effect"]) for one in remedies["tried"])
    assert best < 0.8 * divergence(remedies["given"])
