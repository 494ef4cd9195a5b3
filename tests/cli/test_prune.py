import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.cli.commands.prune import prune
from edgevision.errors import TargetMissedError, UsageError

keras = pytest.importorskip("keras")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    from tests.compress.models import randomize, resnet_like

    made = resnet_like()
    randomize(made)
    path = tmp_path / "small.keras"
    with pytest.warns(DeprecationWarning, match="__array__"):  # Keras under NumPy 2
        made.save(path)
    return path


@pytest.mark.slow
def test_a_dry_run_shows_every_share_and_writes_nothing(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prune(model, macs=0.5, dry_run=True, keep=["b_conv1"])
    out, err = capsys.readouterr()
    assert "65 %" in out
    assert "75 % of macs cannot be removed: the most is 71 %" in err
    assert "kept because it matches b_conv1" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert [path.name for path in model.parent.iterdir()] == ["small.keras"]


@pytest.mark.slow
def test_channels_go_and_one_document_says_how_many(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prune(model, channels=0.5, as_json=True)
    document = json.loads(capsys.readouterr().out)
    made = Path(document["output"])
    assert made == model.with_name("small-pruned.keras")
    assert document["size_bytes"] == made.stat().st_size < model.stat().st_size
    assert document["after"][0]["parameters"] == keras.models.load_model(made).count_params()


@pytest.mark.slow
def test_fine_tuning_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.compress.small_set import write_set
    from tests.compress.test_fine_tune import quarters_net

    source = tmp_path / "quarters.keras"
    with pytest.warns(DeprecationWarning, match="__array__"):
        quarters_net().save(source)
    photos = write_set(tmp_path / "set.npz")
    prune(source, params=0.4, round_to=2, train=photos, epochs=2, preprocess="unit")
    out = capsys.readouterr().out
    assert "accuracy on 10 held-out images" in out
    assert "of 2, 86 images" in out


@pytest.mark.slow
def test_zeros_are_announced_for_what_they_are_worth(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prune(model, two_of_four=True)
    captured = capsys.readouterr()
    assert "int8 on XNNPACK no faster" in captured.err
    assert "zeros: 50.0 %" in captured.out


@pytest.mark.slow
def test_a_target_out_of_reach_exits_with_7(model: Path) -> None:
    with pytest.raises(TargetMissedError) as caught:
        prune(model, macs=0.9, keep=["b_*"])
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("given", "declared"),
    [
        ({}, "say one thing"),
        ({"channels": 0.5, "macs": 0.5}, "say one thing"),
        ({"channels": 0.5, "sparsity": 0.5}, "say one thing"),
        ({"channels": 1.5}, "share to remove"),
        ({"channels": 0.5, "importance": "luck"}, "unknown importance"),
        ({"channels": 0.5, "epochs": 3}, "--epochs does nothing without --train"),
        ({"channels": 0.5, "teacher_weight": 0.5}, "--teacher-weight does nothing"),
        ({"channels": 0.5, "labels": Path("l.csv")}, "--labels does nothing"),
        ({"channels": 0.5, "mean": "1"}, "--mean does nothing"),
        ({"channels": 0.5, "schedule": "constant"}, "--schedule does nothing"),
        ({"channels": 0.5, "on": "local"}, "--on does nothing"),
        ({"channels": 0.5, "checkpoints": Path("x")}, "--checkpoints does nothing"),
        ({"channels": 0.5, "dry_run": True, "output": Path("x")}, "--output does nothing"),
        ({"sparsity": 0.5, "round_to": 4}, "--round-to does nothing"),
        ({"sparsity": 0.5, "dry_run": True}, "--dry-run does nothing"),
        ({"latency": 0.5, "dry_run": True}, "cannot be predicted"),
        ({"channels": 0.5, "train": Path("x")}, "preprocess"),
    ],
)
def test_options_that_do_not_fit_together(given: dict[str, Any], declared: str) -> None:
    with pytest.raises(UsageError) as caught:
        prune(Path("model.keras"), **given)
    assert declared in f"{caught.value} {caught.value.hint}"


def test_the_tool_for_phones_reaches_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgevision.bench.remote.dispatch import Access
    from edgevision.pipeline import candidate_latency

    asked: list[tuple[str, Access]] = []

    def measured(*, target: str, access: Access, **_: object) -> None:
        asked.append((target, access))
        raise UsageError("far enough")

    monkeypatch.setattr(candidate_latency, "int8_latency_ms", measured)
    tool = Path("benchmark_model")
    with pytest.raises(UsageError, match="far enough"):
        prune(Path("any.keras"), latency=0.5, on="adb", benchmark_model=tool)
    assert asked == [("adb", Access(benchmark_model=tool))]
