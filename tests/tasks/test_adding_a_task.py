"""The task of docs/adding-a-task.md, installed as pip would leave it, through the real commands."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.card.read import read_card
from edgevision.cli import run
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.runtime.predict import outputs_of, pixels_of
from edgevision.runtime.session import Session

ROOT = Path(__file__).resolve().parents[2]
LEVELS = (60, 120, 180)


@dataclass(frozen=True)
class Newcomer:
    """A package of the document's files, and what was made with it."""

    site: Path
    photos: Path
    out: Path
    said: str
    """What `optimize` printed."""

    @property
    def int8(self) -> Path:
        return self.out / "int8.tflite"

    @property
    def float32(self) -> Path:
        return self.out / "float32.tflite"


def child(site: Path, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Python as whoever installed the package has it."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(site),
        check=False,
    )


def environment(site: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}


def command(made: Newcomer, *words: str | Path) -> str:
    reply = child(made.site, "-m", "edgevision", *words)
    assert reply.returncode == 0, reply.stderr
    return reply.stdout


def install(site: Path) -> None:
    """Write the document's files, and the dist-info of its pyproject.toml."""
    document = (ROOT / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
    files = dict(
        re.findall(r"^`([\w./]+)`:\n```\w+\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    )
    listed = re.findall(r"^\| \d \| `([\w./]+)` \|", document, re.MULTILINE)
    assert listed == list(files)
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = site / f"edgevision_brightness-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {point}" for name, point in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


def write_photos(folder: Path, count: int, seed: int) -> None:
    """`count` photos of each level, in folders named for it."""
    random = np.random.default_rng(seed)
    for level in LEVELS:
        (folder / str(level)).mkdir(parents=True)
        for number in range(count):
            photo = random.integers(level - 50, level + 51, (24, 24, 3)).astype(np.uint8)
            cv2.imwrite(str(folder / str(level) / f"{number}.png"), photo)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Newcomer:
    folder = tmp_path_factory.mktemp("newcomer")
    install(folder / "site")
    photos = folder / "photos"
    write_photos(photos / "train", 10, seed=1)
    write_photos(photos / "held-out", 6, seed=2)
    words = ("optimize", models / "brightness.keras", "--int8", "--task", "brightness")
    sets = ("--calibration", photos / "train", "--eval", photos / "held-out")
    out = folder / "out"
    reply = child(
        folder / "site", "-m", "edgevision", *words, *sets, "--preprocess", "unit", "-o", out
    )
    assert reply.returncode == 0, reply.stderr
    return Newcomer(
        site=folder / "site",
        photos=photos / "held-out",
        out=out,
        said=reply.stdout + reply.stderr,
    )


def levels_of(made: Newcomer, model: Path) -> "np.ndarray[Any, Any]":
    """(images,) what the file answers, by its own card."""
    card = read_card(model)
    assert card is not None
    with Session(model) as session:
        pictures = pixels_of(open_image_set(made.photos), card.preprocessing)
        rows = [one for one, _ in outputs_of(session, card.preprocessing, pictures)]
    return np.array([row[0].item() for row in rows], np.float64)


def truth() -> "np.ndarray[Any, Any]":
    # Folders are sorted as text.
    return np.repeat(sorted(LEVELS, key=str), 6)


def test_optimize_measures_and_packs_it(made: Newcomer) -> None:
    report = json.loads((made.out / "report.json").read_text())
    assert report["task"]["kind"] == "brightness"
    (int8,) = [one for one in report["files"] if one["file"] == "int8.tflite"]
    ours, reference = levels_of(made, made.int8), levels_of(made, made.float32)
    mae = int8["evaluation"]["metrics"]["mae"]
    assert mae["value"] == pytest.approx(np.abs(ours - truth()).mean(), rel=1e-6)
    assert mae["low"] <= mae["value"] <= mae["high"]
    assert (mae["unit"], mae["higher_is_better"]) == ("levels", False)
    agreed = int8["agreement"]["metrics"]["agreement"]
    assert agreed["hits"] == (np.abs(ours - reference) <= 4).sum()
    assert (int8["top1"], int8["against_float"]["top1"]) == (None, None)
    assert "MAE" in made.said
    assert "levels" in made.said
    assert not any(word in made.said for word in ("top-1", "accuracy", "class"))


def test_the_card_names_the_task_and_its_package(made: Newcomer) -> None:
    card = read_card(made.int8)
    assert card is not None
    assert card.task is not None
    assert (card.task.kind, card.task.package) == ("brightness", "edgevision-brightness")
    assert card.labels == ()
    figures = {one.name: one for one in card.figures.metrics}
    assert (figures["mae"].unit, figures["distance"].reference) == ("levels", "float")
    assert card.figures.agreement is not None


def test_evaluate_has_truth_and_the_other_model(made: Newcomer) -> None:
    words = ("evaluate", made.int8, "--data", made.photos, "--against", made.float32)
    document = json.loads(command(made, *words, "--json"))
    assert (document["task"], document["headline"]) == ("brightness", "mae")
    ours, reference = levels_of(made, made.int8), levels_of(made, made.float32)
    lost = (np.abs(ours - truth()) - np.abs(reference - truth())).mean()
    paired = document["against"]["paired"]
    assert paired["drop"]["value"] == pytest.approx(lost, rel=1e-5, abs=1e-6)
    shown = command(made, *words)
    assert re.search(r"MAE +[\d.]+ levels \(95 %: ", shown)
    assert re.search(r"lost +-?[\d.]+ levels \(95 %: ", shown)


def test_verify_orders_layers_and_tries_remedies_by_it(made: Newcomer) -> None:
    words = ("verify", made.float32, made.int8, "--data", made.photos)
    document = json.loads(command(made, *words, "--json"))
    assert document["task"] == "brightness"
    assert document["answers"]["agreement"]["headline"] == "agreement"
    assert document["answers"]["ours"]["headline"] == "mae"
    assert "distance" in command(made, *words)


def test_bench_compares_and_reports_it(made: Newcomer, tmp_path: Path) -> None:
    result, page = tmp_path / "bench.json", tmp_path / "bench.html"
    words = ("bench", made.float32, made.int8, "--data", made.photos, "--rounds", "3")
    shown = command(made, *words, "-o", result)
    assert "MAE levels" in shown
    assert "drop, levels" in shown
    (found,) = json.loads(result.read_text())["runs"]
    first, second = found["models"]
    assert first["quality"]["task"] == second["quality"]["task"] == "brightness"
    assert second["quality"]["agreement"]["headline"] == "agreement"
    command(made, "report", result, "-o", page)
    assert "MAE against latency" in page.read_text()


def test_camera_writes_its_answers(made: Newcomer, tmp_path: Path) -> None:
    lines, captures = tmp_path / "lines.jsonl", tmp_path / "captures"
    words = ("camera", made.int8, "--source", f"images:{made.photos / '120'}")
    outputs = ("--output", f"jsonl:{lines}", "--save-on", "every:60", "--save-to", captures)
    command(made, *words, *outputs)
    found = [json.loads(line)["brightness"] for line in lines.read_text().splitlines()]
    assert len(found) == 6
    assert found == pytest.approx([120] * 6, abs=8)
    (saved,) = captures.glob("*.json")
    assert "brightness" in json.loads(saved.read_text())
    refused = child(made.site, "-m", "edgevision", *words, "--save-on", "any>=0.5")
    assert refused.returncode == 2
    assert "no labels to save frames by" in refused.stderr


def test_camera_shows_its_gauge(made: Newcomer) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = ("-m", "edgevision", "camera", made.int8, "--source", "synthetic:160x128@20")
    camera = subprocess.Popen(
        [sys.executable, *map(str, words), "--http", address], env=environment(made.site)
    )
    try:
        picture = first_picture(f"http://{address}/stream")
    finally:
        camera.terminate()
        camera.wait(60)
    blue, green, red = picture[-3, 1].astype(int)
    assert red > 180
    assert green > 120
    assert blue < 90
    assert picture[-3, -2].max() < 90


def first_picture(url: str) -> "np.ndarray[Any, Any]":
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as stream:  # noqa: S310 - our own
                data = b""
                while b"\xff\xd9" not in data:
                    data += stream.read(256)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            continue
        start, end = data.index(b"\xff\xd8"), data.index(b"\xff\xd9") + 2
        picture = cv2.imdecode(np.frombuffer(data[start:end], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return np.asarray(picture)


SCRIPT = """
import sys
import numpy as np
import edgevision as ev

with ev.load_model(sys.argv[1]) as model:
    found = model(sys.argv[2])
    drawn = found.answer.draw(np.zeros((64, 255, 3), np.uint8))
    print(model.task.kind, found.items, found.answer.to_dict()["brightness"])
    print((drawn[-1] == (255, 200, 0)).all(axis=1).sum())
"""


def test_load_model_decodes_and_draws_it(made: Newcomer) -> None:
    reply = child(made.site, "-c", SCRIPT, made.int8, made.photos / "120" / "0.png")
    assert reply.returncode == 0, reply.stderr
    first, filled = reply.stdout.splitlines()
    kind, items, level = first.split()
    assert (kind, items) == ("brightness", "()")
    assert float(level) == pytest.approx(120, abs=8)
    assert int(filled) == pytest.approx(float(level), abs=2)


def test_a_share_can_be_held_to_and_an_error_in_levels_cannot(
    made: Newcomer, tmp_path: Path
) -> None:
    sets = ("--calibration", made.photos, "--eval", made.photos)
    words = ("-m", "edgevision", "quantize", made.float32, "--int8", *sets, "--task")
    goal = ("brightness", "--min-agreement", "50", "-o", tmp_path / "a.tflite")
    assert child(made.site, *words, *goal).returncode == 0
    card = read_card(tmp_path / "a.tflite")
    assert card is not None
    assert card.kind == "brightness"
    drop = ("brightness", "--max-drop", "1", "-o", tmp_path / "b.tflite")
    refused = child(made.site, *words, *drop)
    assert refused.returncode == 2
    said = " ".join(refused.stderr.split())
    assert "--max-drop is a percentage, and the task brightness measures mean absolute" in said
    assert "--min-agreement" in said.partition("measures")[2]


def test_without_the_package_the_error_names_it(
    made: Newcomer, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = ["evaluate", str(made.int8), "--data", str(made.photos)]
    camera = ["camera", str(made.int8), "--source", f"images:{made.photos / '120'}"]
    verify = ["verify", str(made.float32), str(made.int8), "--data", str(made.photos)]
    for words in (evaluate, camera, verify):
        assert run(words) == 3
        said = " ".join(capsys.readouterr().err.split())
        assert "a task of the package edgevision-brightness, which is not installed" in said
        assert "--task tensors" in said
    against = [*evaluate, "--against", str(made.float32), "--task", "tensors", "--json"]
    assert run(against) == 0
    assert json.loads(capsys.readouterr().out)["task"] == "tensors"


def test_without_the_package_the_file_is_still_shown(
    made: Newcomer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(made.int8)]) == 0
    shown = capsys.readouterr().out
    assert "brightness" in shown
    assert re.search(r"measured +mae [\d.]+ levels", shown)
    android = ["android", "export", str(made.int8), "--new-app", str(tmp_path / "app")]
    assert run([*android, "--package", "com.example.app"]) == 5
    assert "the demo app shows classes" in capsys.readouterr().err
