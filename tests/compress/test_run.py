"""From file to file, with TensorFlow in a child process."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest

from edgevision.compress.finetune.training import Training
from edgevision.compress.job import Learning, PruneJob
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan, Target, step_plans
from edgevision.compress.report import PruneReport
from edgevision.compress.run import predict_file, prune_file
from edgevision.errors import EdgeVisionError, ModelError, TargetMissedError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import parse_json, to_json
from tests.compress.models import randomize, resnet_like
from tests.compress.small_set import write_set
from tests.compress.test_fine_tune import QUICK, quarters_net

PLAN = PruningPlan(target=Target(measure="macs", fraction=0.5), round_to=4)
UNIT = Preprocessing(mean=(127.5,), std=(127.5,))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    model = resnet_like()
    randomize(model)
    path = tmp_path / "model.keras"
    model.save(path)
    return path


def talking(program: str) -> Sequence[str]:
    """A child that runs `program` after reading its request."""
    return (sys.executable, "-c", f"import json, os, sys, time\nsys.stdin.readline()\n{program}")


def test_jobs_travel_as_text() -> None:
    learning = Learning(images="set", labels=None, preprocessing=UNIT, training=Training(epochs=3))
    for job in (
        PruneJob(source="a.keras", output="b.keras", plan=PLAN, learning=learning, steps=2),
        PruneJob(source="a.keras", output=None, plan=replace(PLAN, keep=("a*",)), predicted=(0.5,)),
        PruneJob(
            source="a.keras", output="b.keras", plan=MaskingPlan(sparsity=0.5, two_of_four=True)
        ),
    ):
        text = to_json(job)
        assert from_plain(PruneJob, parse_json(text, where="job"), where="job") == job


def test_each_step_removes_the_same_share_and_the_last_one_rounds() -> None:
    plans = step_plans(replace(PLAN, target=Target(measure="macs", fraction=0.75)), 2)
    assert [plan.target.fraction for plan in plans] == pytest.approx([0.5, 0.5])
    assert [plan.round_to for plan in plans] == [1, 4]
    assert step_plans(PLAN, 1) == (PLAN,)
    with pytest.raises(UsageError):
        step_plans(PLAN, 0)


@pytest.mark.slow
def test_channels_go_and_the_report_says_so(saved: Path, tmp_path: Path) -> None:
    output = tmp_path / "smaller.keras"
    seen: list[str] = []
    report = prune_file(saved, output, PLAN, progress=lambda _d, _t, stage: seen.append(stage))
    smaller = keras.models.load_model(output)
    assert smaller.count_params() == report.after[0].parameters
    assert report.after[0].macs <= 0.5 * report.before.macs
    rows = {row.layer: row for row in report.layers}
    assert rows["b_conv1"].channels == 32
    assert rows["b_conv1"].channels_left == (smaller.get_layer("b_conv1").filters,)
    assert rows["head"].stays_because == ("is an output of the model",)
    assert "starting TensorFlow" in seen
    assert from_plain(PruneReport, to_plain(report), where="the report") == report


@pytest.mark.slow
def test_a_dry_run_predicts_what_a_run_then_makes(saved: Path, tmp_path: Path) -> None:
    predicted = predict_file(saved, PLAN, fractions=(0.25, 0.5))
    made = prune_file(saved, tmp_path / "smaller.keras", PLAN)
    assert predicted.after[1] == made.after[0]
    assert predicted.before == made.before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.keras", "smaller.keras"]


@pytest.mark.slow
def test_fine_tuning_in_steps_from_an_image_set(tmp_path: Path) -> None:
    source = tmp_path / "model.keras"
    quarters_net().save(source)
    learning = Learning(
        images=str(write_set(tmp_path / "set.npz")),
        labels=None,
        preprocessing=UNIT,
        training=replace(QUICK, epochs=2),
    )
    plan = PruningPlan(
        target=Target(measure="params", fraction=0.5), round_to=2, importance="taylor"
    )
    checkpoints = tmp_path / "state"
    report = prune_file(
        source,
        tmp_path / "smaller.keras",
        plan,
        learning=learning,
        steps=2,
        checkpoints=checkpoints,
    )
    assert [row.epochs for row in report.trainings] == [2, 2]
    assert report.trainings[0].training_images + report.trainings[0].held_out_images == 96
    assert sorted(p.name for p in checkpoints.iterdir()) == ["step-1.npz", "step-2.npz"]
    assert report.after[0].parameters <= 0.5 * report.before.parameters


@pytest.mark.slow
def test_latency_is_measured_in_this_process(saved: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def latency_ms(path: Path) -> float:
        seen.append(int(keras.models.load_model(path).get_layer("b_conv1").filters))
        return float(seen[-1])

    plan = PruningPlan(target=Target(measure="latency", fraction=0.5), round_to=4)
    prune_file(saved, tmp_path / "smaller.keras", plan, latency_ms=latency_ms)
    assert seen[0] == 32
    assert keras.models.load_model(tmp_path / "smaller.keras").get_layer("b_conv1").filters == 16


@pytest.mark.slow
def test_zeros_without_training(saved: Path, tmp_path: Path) -> None:
    report = prune_file(saved, tmp_path / "sparse.keras", MaskingPlan(sparsity=0.7))
    assert report.sparsity is not None
    assert report.sparsity.zeros == pytest.approx(0.7 * report.sparsity.weights, rel=0.01)
    assert report.after == (report.before,)


@pytest.mark.slow
def test_errors_of_the_child_come_back_as_they_are(saved: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, keep=("stem", "b_*"))
    with pytest.raises(TargetMissedError, match="the most is"):
        prune_file(saved, tmp_path / "smaller.keras", plan)
    assert not (tmp_path / "smaller.keras").exists()


@pytest.mark.slow
def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="neither a .keras nor an .h5"):
        predict_file(bad, PLAN)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        predict_file(tmp_path / "none.keras", PLAN)


def test_an_output_that_exists_is_not_replaced(saved: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        prune_file(saved, saved, PLAN)


def test_only_keras_files_are_written(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is written as .keras"):
        prune_file(saved, tmp_path / "model.h5", PLAN)


@pytest.mark.parametrize(
    ("program", "declared"),
    [
        ("os.kill(os.getpid(), 9)", "lack of memory"),
        ("sys.exit(3)", "exit code 3"),
        ("pass", "without an answer"),
    ],
)
def test_a_child_that_dies_is_an_error_that_names_the_log(
    saved: Path, tmp_path: Path, program: str, declared: str
) -> None:
    log = tmp_path / "log.txt"
    command = talking(f"print('last words', file=sys.stderr)\n{program}")
    with pytest.raises(EdgeVisionError, match=declared) as caught:
        prune_file(saved, tmp_path / "x.keras", PLAN, log_path=log, command=command)
    assert str(log) in str(caught.value)
    assert "last words" in log.read_text()


def test_an_interrupted_parent_ends_the_child(saved: Path, tmp_path: Path) -> None:
    def interrupt(done: int, _total: int, _stage: str) -> None:
        if done:
            raise KeyboardInterrupt

    pid = tmp_path / "pid"
    program = (
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        "print(json.dumps({'progress': [1, 2, 'x']}), flush=True)\n"
        "time.sleep(3600)"
    )
    with pytest.raises(KeyboardInterrupt):
        prune_file(saved, tmp_path / "x.keras", PLAN, progress=interrupt, command=talking(program))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_reports_travel_as_values() -> None:
    fields: dict[str, Any] = {
        "before": {"parameters": 3, "macs": 2, "int8_bytes": 1},
        "fractions": [0.5],
        "after": [{"parameters": 2, "macs": 1, "int8_bytes": 1}],
        "layers": [],
        "trainings": [],
        "sparsity": {"weights": 4, "zeros": 2, "file_bytes": 16, "zipped_bytes": 9},
    }
    report = from_plain(PruneReport, fields, where="the report")
    assert isinstance(report, PruneReport)
    assert report.sparsity is not None
    assert report.sparsity.zeros == 2
