"""Trained models of the shared data through `optimize --int8`; thresholds a fair int8 must meet."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.cli import run
from edgevision.quantize.search.mixed_precision import LEFT

pytestmark = pytest.mark.slow


def optimized(folder: Path, model: Path, *words: str) -> dict[str, Any]:
    """The report entry of int8.tflite after `optimize MODEL --int8 WORDS`."""
    assert run(["optimize", str(model), "--int8", "-o", str(folder / "edge"), *words]) == 0
    document = json.loads((folder / "edge" / "report.json").read_text())
    (entry,) = [found for found in document["files"] if found["file"] == "int8.tflite"]
    entry["warnings"] = document["warnings"]
    return dict(entry)


def all_in_int8(folder: Path, model: Path, *words: str) -> dict[str, Any]:
    """The same, int8 throughout however slow that is on the machine of this test."""
    entry = optimized(folder, model, *words)
    assert entry["integer_multiply_adds"] == entry["multiply_adds"]
    return entry


def test_resnet8_loses_at_most_half_a_point(shared: Path, tmp_path: Path) -> None:
    cifar = shared / "cifar10"
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mlperf_resnet8_cifar10.h5",
        *("--calibration", str(cifar / "calibration.npz")),
        *("--eval", str(cifar / "evaluation.npz"), "--preprocess", "raw"),
    )
    ours, reference = (rate["value"] for rate in entry["against_float"]["top1"])
    assert reference == pytest.approx(0.871)
    assert ours >= reference - 0.005
    assert entry["warnings"] == []


def test_mobilenet_v2_agrees_with_its_float_model(shared: Path, tmp_path: Path) -> None:
    photos = shared / "photos"
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mobilenet_v2_1.0_224_imagenet.keras",
        *("--calibration", str(photos / "calibration"), "--eval", str(photos / "evaluation")),
        *("--preprocess", "imagenet-torch", "--labels", str(photos / "imagenet_labels.txt")),
    )
    assert entry["against_float"]["agreement"]["value"] >= 0.92
    assert len(entry["card"]["labels"]) == 1000


def test_mobilenet_v1_of_keras_2_goes_through(shared: Path, tmp_path: Path) -> None:
    photos = shared / "photos"
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mobilenet_v1_0.25_224_imagenet.h5",
        *("--calibration", str(photos / "calibration"), "--eval", str(photos / "evaluation")),
        *("--preprocess", "imagenet-tf"),
    )
    ours, reference = (rate["value"] for rate in entry["against_float"]["top1"])
    assert reference == pytest.approx(0.508, abs=0.01)
    assert ours >= reference - 0.06


def test_what_is_not_in_int8_is_faster_in_float_and_said(shared: Path, tmp_path: Path) -> None:
    entry = optimized(
        tmp_path,
        shared / "models" / "mobilenet_v1_0.25_224_imagenet.h5",
        *("--calibration", str(shared / "photos" / "calibration"), "--preprocess", "imagenet-tf"),
        *("--on", "local"),
    )
    # Whether there is any is up to the machine: on some, few int8 kernels are fast.
    is_whole = entry["integer_multiply_adds"] == entry["multiply_adds"]
    slow = [one for one in entry["left_in_float"] if one["reason"] == LEFT]
    assert is_whole == (not slow)
    declared = ("left in float, which is faster", "times as long as float")
    assert is_whole or any(words in one for one in entry["warnings"] for words in declared)


def test_visual_wake_words_goes_through(shared: Path, tmp_path: Path) -> None:
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mlperf_vww_96.h5",
        *("--calibration", str(shared / "photos" / "calibration"), "--preprocess", "unit"),
    )
    assert entry["against_float"]["agreement"]["value"] >= 0.92


def test_the_wrong_preprocessing_is_doubted_with_both_figures(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cifar = shared / "cifar10"
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mlperf_resnet8_cifar10.h5",
        *("--calibration", str(cifar / "calibration.npz")),
        *("--eval", str(cifar / "evaluation.npz"), "--preprocess", "unit"),
    )
    (warning,) = entry["warnings"]
    assert "with the preprocessing chosen (unit)" in warning
    assert "with raw" in warning


def test_auto_finds_the_preprocessing_of_a_labelled_set(shared: Path, tmp_path: Path) -> None:
    cifar = shared / "cifar10"
    entry = all_in_int8(
        tmp_path,
        shared / "models" / "mlperf_resnet8_cifar10.h5",
        *("--calibration", str(cifar / "calibration.npz")),
        *("--eval", str(cifar / "evaluation.npz"), "--preprocess", "auto"),
    )
    preprocess = entry["card"]["preprocess"]
    assert (preprocess["mean"], preprocess["std"]) == ([0.0], [1.0])
