"""Results: frozen, the document of `--json`, a table in a notebook; what the command makes."""

import dataclasses
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgevision as ev
from edgevision.cli import run
from edgevision.errors import DeviceError, TargetMissedError, UsageError
from edgevision.files import sha256_of
from edgevision.runtime.session import Session

PROBE = Path(__file__).parents[2] / "edgevision" / "runtime" / "probe.tflite"


class Page(HTMLParser):
    """The words and the tags of some HTML, each tag closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as its base
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def results(here: Path) -> dict[str, Any]:
    """One of each, but for what needs TensorFlow."""
    return {
        "quantize": ev.quantize("float32.tflite", fp16=True, output="fp16.tflite"),
        "inspect": ev.inspect("int8.tflite"),
        "evaluate": ev.evaluate("int8.tflite", "held-out", against="float32.tflite"),
        "verify": ev.verify("float32.tflite", "int8.tflite", "held-out", remedies=False),
        "bench": ev.bench("float32.tflite", "int8.tflite", rounds=2, seconds=0.02),
        "build": ev.build_calibration_set("photos", output="set"),
        "check": ev.check_calibration_set("photos"),
    }


def test_every_result_is_frozen_a_document_and_a_table(results: dict[str, Any]) -> None:
    for name, result in results.items():
        first, *_ = dataclasses.fields(result)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, first.name, None)
        json.dumps(result.to_dict())
        page = Page(result._repr_html_())
        assert len(" ".join(page.words)) > 20, name


def test_the_document_of_a_result_is_that_of_the_command(
    results: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    words = {
        "inspect": ["inspect", "int8.tflite"],
        "evaluate": [
            *("evaluate", "int8.tflite", "--data", "held-out"),
            *("--against", "float32.tflite"),
        ],
        "verify": [
            *("verify", "float32.tflite", "int8.tflite", "--data", "held-out", "--no-remedies")
        ],
        "check": ["calibration", "check", "photos"],
    }
    for name, command in words.items():
        assert run([*command, "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed == json.loads(json.dumps({"schema_version": 1, **results[name].to_dict()}))


def test_the_file_of_a_function_is_that_of_the_command(here: Path) -> None:
    made = ev.quantize("float32.tflite", calibration="photos", output="ours.tflite").file
    words = ["quantize", "float32.tflite", "--calibration", "photos", "-o", "theirs.tflite"]
    assert run(words) == 0
    assert sha256_of(made) == sha256_of(Path("theirs.tflite"))


def test_optimize_gives_files_figures_and_a_table(here: Path, models: Path) -> None:
    result = ev.optimize(
        models / "ranged.keras",
        fp16=True,
        recipe=ev.Recipe(quality="fast"),
        calibration="photos",
        evaluation="held-out",
        preprocessing="auto",
    )
    assert list(result.files) == ["float32", "fp16", "int8"]
    assert all(path.is_file() for path in result.files.values())
    assert result.folder == Path("ranged-edge")
    assert result.report.choice is not None
    assert result.report.choice.winner.name == "unit"
    evaluation = result.variants[2].evaluation
    assert evaluation is not None
    assert evaluation.headline.estimate.value == 1
    words = " ".join(Page(result._repr_html_()).words)
    assert "int8.tflite" in words
    assert "100.0 %" in words
    assert result.to_dict()["folder"] == "ranged-edge"
    result.raise_if_missed()


def test_a_missed_target_is_a_result_that_can_raise(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgevision.pipeline import integer
    from edgevision.quantize.search.accuracy_target import TargetMeasurement

    low = TargetMeasurement(value=0.5, low=0.4, high=0.6)
    monkeypatch.setattr(integer, "measured", lambda *_: low)
    result = ev.quantize("float32.tflite", calibration="photos", min_agreement=99)
    assert result.file.is_file()
    assert result.target is not None
    with pytest.raises(TargetMissedError, match="best found"):
        result.raise_if_missed()


def test_what_is_wrong_with_text_stays_text() -> None:
    from edgevision.api.html import card

    page = card("<b>", (("a", "b"), [("<script>", "1 & 2")]), warnings=("<i>",))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "warning: &lt;i&gt;" in page


def test_a_machine_out_of_reach_is_a_failure_beside_the_results(here: Path) -> None:
    result = ev.bench(PROBE, on=["ssh://nobody@127.0.0.1:1", "local"], rounds=2, seconds=0.02)
    assert [one.target for one in result.results] == ["local"]
    with pytest.raises(DeviceError, match="cannot reach"):
        result.raise_if_failed()


def test_a_budget_that_fits_nothing_does_not_cost_the_results(here: Path) -> None:
    Path("budget.toml").write_text('[[limits]]\nmodel = "other"\nsize_bytes = 1\n')
    result = ev.bench(PROBE, budget="budget.toml", rounds=2, seconds=0.02)
    assert len(result.results) == 1
    with pytest.raises(UsageError, match="fits nothing measured"):
        result.raise_if_failed()


def test_a_missed_budget_raises_when_asked(here: Path) -> None:
    Path("budget.toml").write_text("[[limits]]\nsize_bytes = 1\n")
    result = ev.bench(PROBE, budget="budget.toml", rounds=2, seconds=0.02)
    with pytest.raises(TargetMissedError, match="1 of 1 limits missed"):
        result.raise_if_missed()


def test_representative_data_make_the_file_that_the_photos_make(here: Path) -> None:
    card = ev.inspect("float32.tflite").card
    assert card is not None
    preprocessing = card.preprocessing
    x = np.random.default_rng(5).integers(0, 256, (12, 16, 16, 3), np.uint8)

    def representative() -> Any:
        mean, std = np.float32(preprocessing.mean[0]), np.float32(preprocessing.std[0])
        for picture in x:
            yield [(picture[None].astype(np.float32) - mean) / std]

    pixels, floats = (
        ev.quantize("float32.tflite", calibration=given, output=f"{name}.tflite").file
        for name, given in (("pixels", x), ("floats", representative))
    )
    picture = x[:1]
    with Session(pixels) as one, Session(floats) as other:
        assert np.array_equal(one.run(picture)[0], other.run(picture)[0])
