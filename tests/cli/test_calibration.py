import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.cli import run
from edgevision.dataset.calibration.calibration_set import read_set
from tests.dataset.pictures import fill, picture, save
from tests.tflite.models import classifier

PROBE = Path(__file__).parents[2] / "edgevision" / "runtime" / "probe.tflite"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with 120 photos of cats and dogs, and 4 more to evaluate with."""
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "photos", [f"{name}/{k}.png" for name in ("cat", "dog") for k in range(60)])
    fill(tmp_path / "held-out", [f"{name}/{k}.png" for name in ("cat", "dog") for k in range(2)])
    return tmp_path


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_built_set_is_fit_and_found_without_being_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = run(["calibration", "build", "photos", "--count", "110", "--preprocess", "unit"])
    declared = capsys.readouterr()
    checked = run(["calibration", "check"])

    assert (built, checked) == (0, 0)
    assert "110 images of 2 classes" in declared.out
    assert "written: calibration/set.toml" in declared.out
    assert declared.err == ""
    assert "Fit for calibration." in capsys.readouterr().out


def test_build_keeps_the_evaluation_set_out_and_says_what_was_left(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "photos" / "cat" / "0.png").write_bytes(b"no picture")

    code = run(["calibration", "build", "photos", "--eval", "held-out", "--json", "-o", "set"])

    captured = capsys.readouterr()
    made = json.loads(captured.out)
    assert code == 0
    # Both folders were filled with the same first pictures, under other names.
    assert made["images"] == len(read_set(here / "set").images)
    assert made["images"] + len(made["overlapping"]) + len(made["unreadable"]) == 120
    assert made["overlapping"]
    assert "left out: " in captured.err
    assert "0.png" in captured.err


def test_set_without_preprocessing_says_what_follows(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["calibration", "build", "photos"])

    assert "does not say how the model wants its pixels" in capsys.readouterr().err


def test_explicit_number_beside_a_preset_is_used_and_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["calibration", "build", "photos", "--preprocess", "imagenet-tf", "--mean", "128"])

    kept = read_set(here / "calibration").preprocessing
    assert kept is not None
    assert (kept.preset, kept.mean) == ("imagenet-tf", (128.0,))
    assert "mean 128 is used, where imagenet-tf has 127.5" in capsys.readouterr().err


def test_set_is_not_replaced_unasked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["calibration", "build", "photos"])

    assert run(["calibration", "build", "photos"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(["calibration", "build", "photos", "--overwrite", "--seed", "5"]) == 0
    assert read_set(here / "calibration").seed == 5


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["build", "nowhere"], 4, "there is no nowhere"),
        (["build", "photos", "--count", "0"], 2, "at least one image"),
        (["build", "photos", "--preprocess", "unti"], 2, "no preprocessing preset 'unti'"),
        (["build", "photos", "--preprocess", "auto"], 2, "auto is not for this command"),
        (["check", "photos", "--mean", "127"], 2, "--mean does nothing without --model"),
        (["build", "photos", "--mean", "a"], 2, "not a list of numbers"),
        (["build", "photos", "--fit", "squeeze"], 2, "fit should be one of"),
        (["build", "photos", "--std", "0.229,0.224,0.225"], 2, "pixels 0..1"),
        (["build", "photos", "--labels", "nowhere.txt"], 4, "cannot read nowhere.txt"),
        (["check"], 4, "calibration holds no set"),
        (["check", "nowhere"], 4, "there is no nowhere"),
        (["check", "photos", "--eval", "nowhere"], 4, "there is no nowhere"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_a_code(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    complaint: str,
) -> None:
    assert run(["calibration", *arguments]) == code

    captured = capsys.readouterr()
    assert complaint in captured.err
    assert captured.out == ""
    assert not (here / "calibration").exists()


def test_check_exits_4_when_the_set_overlaps_with_what_it_was_built_without(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["calibration", "build", "photos", "--eval", "held-out"])
    chosen = read_set(here / "calibration").images
    save(here / "held-out" / "cat" / "new.bmp", chosen.load(chosen.items[0]))
    capsys.readouterr()

    code = run(["calibration", "check", "--json"])

    found = document(capsys)
    assert code == 4
    assert found["fit"] is False
    assert found["findings"][0]["kind"] == "overlap"
    assert found["findings"][0]["items"] == [chosen.items[0].id]


def test_check_names_an_image_that_was_changed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["calibration", "build", "photos"])
    save(here / "photos" / "dog" / "7.png", picture(99))
    capsys.readouterr()

    assert run(["calibration", "check"]) == 4
    assert "was changed" in capsys.readouterr().out


def test_warnings_alone_exit_with_0(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["calibration", "build", "photos", "--count", "30"])

    assert run(["calibration", "check"]) == 0
    assert "30 images are few" in capsys.readouterr().out


def test_any_image_set_can_be_checked_before_it_is_chosen_from(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["calibration", "check", "photos", "--eval", "held-out", "--json"])

    assert code == 4
    assert document(capsys)["evaluation"] == "held-out"


def test_table_fits_80_columns(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["calibration", "check", "photos", "--eval", "held-out"])

    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "/" not in line[:20]) <= 80


def test_several_sets_are_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        run(["calibration", "build", "photos", "-o", f"calibration/{name}"])
    capsys.readouterr()

    assert run(["calibration", "check"]) == 4
    assert "calibration/one, calibration/two" in capsys.readouterr().err
    assert run(["calibration", "check", "calibration/one"]) == 0


def test_activations_of_a_model_are_compared_between_halves(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "float32.tflite").write_bytes(classifier("float32"))
    run(["calibration", "build", "photos", "--preprocess", "imagenet-tf"])
    capsys.readouterr()

    code = run(["calibration", "check", "--model", "float32.tflite"])

    assert code == 0
    assert "4 of 4 activation ranges" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "code", "complaint"),
    [
        (classifier("uint8"), 5, "computes in integers"),
        (PROBE.read_bytes(), 5, "does not take one image"),
        (b"no model", 5, "not a .tflite"),
    ],
)
def test_model_that_cannot_be_observed_is_a_sentence(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    code: int,
    complaint: str,
) -> None:
    (here / "model.tflite").write_bytes(content)

    arguments = ["check", "photos", "--model", "model.tflite", "--preprocess", "raw"]
    assert run(["calibration", *arguments]) == code
    assert complaint in capsys.readouterr().err


def test_model_without_a_declaration_lists_the_presets(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "model.tflite").write_bytes(classifier("float32"))

    assert run(["calibration", "check", "photos", "--model", "model.tflite"]) == 2
    assert "imagenet-torch" in capsys.readouterr().err
