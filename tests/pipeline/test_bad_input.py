"""Whatever goes in: a sentence, the right exit code, and nothing half-written left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.cli import run
from edgevision.pipeline import optimize
from tests.processes import children_of, wait_until_ended

Spoil = Callable[[Path, Path, Path], list[str]]
"""(folder, models, photos) -> the words after `edgevision optimize`."""


def good(folder: Path, models: Path, photos: Path) -> list[str]:
    return [
        *(str(models / "colours.keras"), "--int8", "--preprocess", "unit"),
        *("--calibration", str(photos / "train"), "--eval", str(photos / "held-out")),
        *("-o", str(folder / "out")),
    ]


def with_model(content: Callable[[bytes], bytes]) -> Spoil:
    def spoil(folder: Path, models: Path, photos: Path) -> list[str]:
        path = folder / "model.keras"
        path.write_bytes(content((models / "colours.keras").read_bytes()))
        return [str(path), *good(folder, models, photos)[1:]]

    return spoil


def with_calibration(fill: Callable[[Path, Path], None]) -> Spoil:
    def spoil(folder: Path, models: Path, photos: Path) -> list[str]:
        spoiled = folder / "photos"
        spoiled.mkdir()
        fill(spoiled, photos)
        words = good(folder, models, photos)
        words[words.index("--calibration") + 1] = str(spoiled)
        return words

    return spoil


def without(option: str) -> Spoil:
    def spoil(folder: Path, models: Path, photos: Path) -> list[str]:
        words = good(folder, models, photos)
        at = words.index(option)
        return words[:at] + words[at + 2 :]

    return spoil


def also(*more: str) -> Spoil:
    return lambda folder, models, photos: [*good(folder, models, photos), *more]


def flip_a_bit(content: bytes) -> bytes:
    spoiled = bytearray(content)
    spoiled[len(content) // 2] ^= 0x10
    return bytes(spoiled)


def corrupt_photo(spoiled: Path, photos: Path) -> None:
    whole = (photos / "train" / "a-red" / "1.png").read_bytes()
    (spoiled / "whole.png").write_bytes(whole)
    (spoiled / "cut.png").write_bytes(whole[: len(whole) // 2])


def empty_photo(spoiled: Path, photos: Path) -> None:
    (spoiled / "empty.jpg").touch()


def mislabelled(spoiled: Path, photos: Path) -> None:
    cv2.imwrite(str(spoiled / "a.png"), np.zeros((8, 8, 3), np.uint8))
    (spoiled / "labels.csv").write_text("file,label\na.png,0\nmissing.png,1\n")


def label_out_of_range(folder: Path, models: Path, photos: Path) -> list[str]:
    evaluation = folder / "evaluation"
    evaluation.mkdir()
    cv2.imwrite(str(evaluation / "a.png"), np.zeros((8, 8, 3), np.uint8))
    (evaluation / "labels.csv").write_text("file,label\na.png,7\n")
    words = good(folder, models, photos)
    words[words.index("--eval") + 1] = str(evaluation)
    return words


def nan_weights(folder: Path, models: Path, photos: Path) -> list[str]:
    return [str(models / "nan.keras"), *good(folder, models, photos)[1:]]


def output_is_a_file(folder: Path, models: Path, photos: Path) -> list[str]:
    (folder / "out").write_text("mine")
    return good(folder, models, photos)


def output_holds_others(folder: Path, models: Path, photos: Path) -> list[str]:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("mine")
    return [*good(folder, models, photos), "--overwrite"]


CASES: dict[str, tuple[Spoil, int, str]] = {
    "missing model": (
        lambda folder, models, photos: ["none.keras", *good(folder, models, photos)[1:]],
        5,
        "none.keras",
    ),
    "empty model": (with_model(lambda _: b""), 5, "empty"),
    "truncated model": (with_model(lambda content: content[: len(content) // 2]), 5, "model.keras"),
    "bit-flipped model": (with_model(flip_a_bit), 5, "model.keras"),
    "foreign model": (with_model(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(99)), 5, "model.keras"),
    "NaN weights": (nan_weights, 5, "mix"),
    "no photos": (with_calibration(lambda _spoiled, _photos: None), 4, "holds no images"),
    "empty photo": (with_calibration(empty_photo), 4, "empty.jpg"),
    "corrupt photo": (with_calibration(corrupt_photo), 4, "cut.png"),
    "label of a missing photo": (with_calibration(mislabelled), 4, "missing.png"),
    "label out of range": (label_out_of_range, 4, "7"),
    "unknown preset": (also("--preprocess", "imagenet"), 2, "imagenet"),
    "channel count": (also("--mean", "1,2,3,4", "--std", "1"), 2, "mean"),
    "grey for a colour model": (also("--color", "gray"), 2, "channel"),
    "no preprocessing": (without("--preprocess"), 2, "raw | unit | imagenet-tf"),
    "unknown recipe": (also("--recipe", "int7"), 2, "int7"),
    "full integer with uint8": (also("--full-integer", "--input-type", "uint8"), 2, "int8 in"),
    "output is a file": (output_is_a_file, 2, "out is a file"),
    "output holds others": (output_holds_others, 2, "not ours"),
    "output cannot be made": (also("-o", "/proc/out"), 1, "cannot write /proc/out"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_a_sentence_a_code_and_no_trace(
    name: str, tmp_path: Path, models: Path, photos: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, code, words = CASES[name]
    arguments = spoil(tmp_path, models, photos)
    before = contents(tmp_path)
    assert run(["optimize", *arguments]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err
    assert "error: " in err
    assert "Traceback" not in err
    assert "fault of ours" not in err
    assert contents(tmp_path) == before


def test_this_sweep_is_about_one_fault_at_a_time(
    tmp_path: Path, models: Path, photos: Path
) -> None:
    assert run(["optimize", *good(tmp_path, models, photos)]) == 0


def test_a_folder_without_calibration_says_how_to_make_one(
    tmp_path: Path,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["optimize", str(models / "colours.keras"), "--int8"]) == 4
    assert "edgevision calibration build" in capsys.readouterr().err


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, models: Path, photos: Path
) -> None:
    # Files may grow to 2 kB: the float32.tflite does not fit.
    script = (
        "import resource, signal, sys; from edgevision.cli import run;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY));"
        "sys.exit(run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "optimize", *good(tmp_path, models, photos)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path) == set()


def photos_go(folder: Path) -> None:
    shutil.rmtree(folder / "photos/b-green")


def a_photo_becomes_a_folder(folder: Path) -> None:
    photo = folder / "photos/b-green/1.png"
    photo.unlink()
    photo.mkdir()


@pytest.fixture
def spoiled_arguments(tmp_path: Path, models: Path, photos: Path) -> list[str]:
    """Calibration photos of its own, in `tmp_path`/photos."""
    shutil.copytree(photos / "train", tmp_path / "photos")
    arguments = good(tmp_path, models, photos)
    arguments[arguments.index("--calibration") + 1] = str(tmp_path / "photos")
    return arguments


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (photos_go, "cannot read {}/photos/b-green/"),
        (a_photo_becomes_a_folder, "cannot read {}/photos/b-green/1.png: Is a directory"),
    ],
)
def test_what_fails_midway_is_named(
    happens: Callable[[Path], None],
    words: str,
    tmp_path: Path,
    spoiled_arguments: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    convert = optimize._convert

    def and_then(*given: Any, **more: Any) -> Any:
        converted = convert(*given, **more)
        happens(tmp_path)
        return converted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimize, "_convert", and_then)
        assert run(["optimize", *spoiled_arguments]) == 4
    err = " ".join(capfd.readouterr().err.split())
    assert words.format(tmp_path) in err
    assert "cannot write" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_ctrl_c_in_the_middle_ends_everything_and_leaves_nothing(
    tmp_path: Path, models: Path, photos: Path
) -> None:
    words = [sys.executable, "-m", "edgevision", "optimize", *good(tmp_path, models, photos)]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 300
    while not children_of(process.pid):
        assert time.monotonic() < deadline, "the converter never started"
        assert process.poll() is None
        time.sleep(0.05)
    children = children_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert contents(tmp_path) == set()
    # One that had only just been forked notices a moment later that nobody is left to serve.
    wait_until_ended(children)


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
