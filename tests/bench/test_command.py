"""`edgevision bench` and `compare` as a user types them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.results.sentences import sentences
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.plan import TimingPlan
from edgevision.cli.app import guarded
from edgevision.cli.commands.bench import bench
from edgevision.cli.commands.compare import compare
from tests.bench.conftest import PROBE
from tests.bench.networks import brightness_classifier

QUICK = ("--rounds", "6", "--seconds", "0.06")
Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    app = typer.Typer()
    app.command("bench")(guarded(bench))
    app.command("compare")(guarded(compare))

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return invoke


def test_two_models_are_measured_and_compared(run: Run) -> None:
    done = run("bench", PROBE, PROBE, *QUICK)
    assert done.exit_code == 0, done.output
    assert "p50 ms" in done.stdout
    assert "(95%:" in done.stdout


def test_json_is_one_document_with_raw_samples(run: Run) -> None:
    done = run("bench", PROBE, *QUICK, "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["schema_version"] == 1
    (model,) = document["runs"][0]["models"]
    assert len(model["latency"]["rounds"]) == 6
    assert model["latency"]["rounds"][0]["timed_ns"]


def test_a_relative_path_has_its_memory_measured(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my model.tflite").write_bytes(PROBE.read_bytes())
    monkeypatch.chdir(tmp_path)
    done = run("bench", "my model.tflite", *QUICK, "--json")
    (model,) = json.loads(done.stdout)["runs"][0]["models"]
    assert model["memory"]["model_bytes"] is not None
    assert model["memory"]["reason"] == ""


def test_a_figure_that_is_missing_is_explained_under_the_table(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEVISION_PYTHON", "/nowhere/python")
    output = tmp_path / "result.json"
    done = run("bench", PROBE, *QUICK, "-o", output)
    reason = "cannot start /nowhere/python: No such file or directory"
    assert f"probe: memory is not known: {reason}" in " ".join(done.stdout.split())
    (model,) = json.loads(output.read_text())["runs"][0]["models"]
    assert model["memory"]["reason"] == reason
    budget = tmp_path / "budget.toml"
    budget.write_text("[[limits]]\nmemory_bytes = 1e9\n")
    missed = run("bench", PROBE, *QUICK, "--budget", budget)
    assert missed.exit_code == 7
    assert f"was not measured ({reason})" in " ".join(missed.stderr.split())


def test_a_runtime_that_lists_no_operations_is_said() -> None:
    cases = (Case(name="p", model=PROBE),)
    found = measure(BenchJob(cases=cases, plan=TimingPlan(rounds=1, seconds=0.01)))
    (model,) = found.models
    silent = replace(
        found, models=(replace(model, delegation=None, delegation_reason="x does not list them"),)
    )
    assert "p: which operations are delegated is not known: x does not list them" in sentences(
        silent
    )


def test_a_sweep_over_threads_is_a_row_each(run: Run) -> None:
    done = run("bench", PROBE, *QUICK, "--threads", "1,2", "--json")
    models = json.loads(done.stdout)["runs"][0]["models"]
    assert [model["num_threads"] for model in models] == [1, 2]


def test_more_threads_than_cpus_are_used_and_warned_of(run: Run) -> None:
    done = run("bench", PROBE, *QUICK, "--threads", "512")
    assert done.exit_code == 0
    assert "512 threads on" in done.stderr


def test_here_and_here_again_is_one_report(run: Run) -> None:
    done = run("bench", PROBE, *QUICK, "--on", "local", "--on", "local", "--json")
    assert [run["target"] for run in json.loads(done.stdout)["runs"]] == ["local", "local"]
    shown = run("bench", PROBE, *QUICK, "--on", "local", "--on", "local")
    assert shown.stdout.count("local (") == 2


def test_one_machine_out_of_reach_does_not_cost_the_others_results(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    nobody = "ssh://nobody@127.0.0.1:1"
    done = run("bench", PROBE, *QUICK, "--on", nobody, "--on", "local", "-o", path)
    assert (done.exit_code, "cannot reach" in done.stderr) == (6, True), done.output
    assert "p50 ms" in done.stdout
    assert [found["target"] for found in json.loads(path.read_text())["runs"]] == ["local"]


@pytest.mark.parametrize(
    ("words", "code", "declared"),
    [
        (("/nowhere.tflite",), 5, "cannot read"),
        ((__file__,), 5, "is not a .tflite file"),
        ((PROBE, "--threads", "0"), 2, "--threads takes numbers from 1 on"),
        ((PROBE, "--on", "pi@host"), 2, "is no place to measure"),
        ((PROBE, "--on", "adb"), 2, "benchmark_model"),
        ((PROBE, "--app"), 2, "--app does nothing without --on adb"),
        ((PROBE, "--on", "adb", "--app", "--benchmark-model", "x"), 2, "--benchmark-model does"),
        ((PROBE, "--on", "adb", "--app"), 5, "has no model card"),
        ((PROBE, "--on", "ssh://nobody@127.0.0.1:1"), 6, "cannot reach"),
        ((PROBE, "--preprocess", "auto"), 2, "--preprocess does nothing without --data"),
        ((PROBE, "--junit", "x.xml"), 2, "--junit reports the checks of a budget"),
        ((PROBE, "--runtime", "tflite"), 2, "unknown runtime"),
        ((PROBE, "--delegate", "/nowhere.so"), 6, "cannot load the delegate"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence_and_its_code(
    run: Run, words: tuple[object, ...], code: int, declared: str
) -> None:
    done = run("bench", *words, *QUICK)
    assert done.exit_code == code, done.output
    assert declared in done.stderr
    assert done.stdout == ""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twelve dark and eight bright pictures; two of the dark ones are labelled bright."""
    pixels = np.full((20, 4, 4, 3), 40, np.uint8)
    pixels[12:] = 220
    labels = np.array([1] * 2 + [0] * 10 + [1] * 8)
    path = tmp_path / "pictures.npz"
    np.savez(path, x=pixels, y=labels)
    return path


def test_accuracy_and_agreement_beside_latency(run: Run, tmp_path: Path, pictures: Path) -> None:
    right, wrong = tmp_path / "right.tflite", tmp_path / "wrong.tflite"
    right.write_bytes(brightness_classifier())
    wrong.write_bytes(brightness_classifier(swapped=True))
    words = ("bench", right, wrong, *QUICK, "--data", pictures, "--preprocess", "raw")
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)["runs"][0]["models"]
    quality, other = first["quality"], second["quality"]
    assert (quality["task"], quality["images"], quality["base"]) == ("classification", 20, None)
    assert quality["evaluation"]["metrics"]["top1"]["value"] == 0.9
    assert other["evaluation"]["metrics"]["top1"]["value"] == pytest.approx(0.1)
    assert other["base"] == "right"
    assert other["agreement"]["metrics"]["agreement"]["value"] == 0
    assert other["paired"]["drop"]["value"] == pytest.approx(0.8)
    assert other["paired"]["p_value"] < 0.001
    shown = run(*words)
    assert "a change in accuracy is shown (McNemar p" in shown.stdout
    assert "classes that lost most" in shown.stdout


def test_images_and_preprocessing_must_be_known_before_measuring(
    run: Run, tmp_path: Path, pictures: Path
) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(brightness_classifier())
    done = run("bench", model, "--data", pictures)
    assert (done.exit_code, "preprocess" in done.stderr) == (2, True), done.output
    done = run("bench", model, "--data", "/nowhere", "--preprocess", "raw")
    assert (done.exit_code, "there is no /nowhere" in done.stderr) == (4, True), done.output


def test_the_result_is_written_once_and_compared(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    assert run("bench", PROBE, *QUICK, "-o", path).exit_code == 0
    again = run("bench", PROBE, *QUICK, "-o", path)
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    done = run("compare", path, path)
    assert done.exit_code == 0, done.output
    assert "undecided" in done.stdout
    # Nothing but latency was measured, so there is no column for it.
    assert "top-1" not in done.stdout
    plain = json.loads(run("compare", path, path, "--json").stdout)
    assert plain["comparisons"][0]["models"][0]["ratio"]["ratio"] == pytest.approx(1)


def test_a_missed_budget_is_exit_7_with_a_junit_file(run: Run, tmp_path: Path) -> None:
    budget, junit = tmp_path / "budget.toml", tmp_path / "junit.xml"
    budget.write_text("[[limits]]\nsize_bytes = 10\np50_ms = 1000\n")
    done = run("bench", PROBE, *QUICK, "--budget", budget, "--junit", junit)
    assert done.exit_code == 7
    assert "1 of 2 limits missed: probe on local: size_bytes" in done.stderr
    assert 'failures="1"' in junit.read_text()
    budget.write_text("[[limits]]\nsize_bytes = 100000\n")
    kept = run("bench", PROBE, *QUICK, "--budget", budget, "--junit", junit, "--overwrite")
    assert kept.exit_code == 0
    assert 'failures="0"' in junit.read_text()


def test_a_bad_budget_is_found_before_measuring(run: Run, tmp_path: Path) -> None:
    budget = tmp_path / "budget.toml"
    budget.write_text("[[limits]]\nfast = true\n")
    done = run("bench", "/nowhere.tflite", "--budget", budget)
    assert (done.exit_code, "unknown name 'fast'" in done.stderr) == (2, True)
