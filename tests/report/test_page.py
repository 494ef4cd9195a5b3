import copy
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edgevision.bench.results.quality import Quality, quality_document
from edgevision.bench.results.result import BenchRun, to_document
from edgevision.cli.app import guarded
from edgevision.cli.commands.report import report
from edgevision.errors import UsageError
from edgevision.evaluation.compare import compare
from edgevision.report.axis import Axis, spanning
from edgevision.report.layers import read_layers
from edgevision.report.markup import Markup, join, tag
from edgevision.report.page import render
from edgevision.report.pareto_chart import Dot, pareto_front
from edgevision.report.thumbnail import thumbnail_of
from edgevision.serialization.json_text import to_json
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from tests.tasks.models import answers
from tests.tasks.models import model as interface

Runs = list[dict[str, Any]]


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("td", "a < b", class_="left", stroke_width=1.5, title='"') == (
        '<td class="left" stroke-width="1.5" title="&quot;">a &lt; b</td>'
    )
    assert join("<", Markup("<br>")) == "&lt;<br>"
    assert tag("meta", charset="utf-8", id=None) == '<meta charset="utf-8">'


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis(low=0, high=10, begin=0, end=100), (0, 2, 4, 6, 8, 10)),
        (Axis(low=0.31, high=0.36, begin=0, end=1), (0.31, 0.32, 0.33, 0.34, 0.35, 0.36)),
        (Axis(low=0.1, high=100, begin=0, end=1, is_log=True), (0.1, 0.3, 1, 3, 10, 30, 100)),
        (Axis(low=2, high=4, begin=0, end=1, is_log=True), (2, 2.5, 3, 3.5, 4)),
    ],
)
def test_ticks_are_round_numbers(axis: Axis, ticks: tuple[float, ...]) -> None:
    assert axis.ticks == pytest.approx(ticks)


def test_values_land_where_they_belong() -> None:
    assert Axis(low=0, high=10, begin=100, end=0)(2.5) == 75
    assert Axis(low=1, high=100, begin=0, end=10, is_log=True)(10) == pytest.approx(5)
    assert Axis(low=0, high=1, begin=0, end=10)(7) == 10
    one = spanning([3.0], 0, 10)
    assert 0 < one(3.0) < 10


def test_the_pareto_front_is_what_nothing_beats_in_both() -> None:
    def dot(name: str, cost: float, worth: float) -> Dot:
        return Dot(name=name, cost=cost, worth=worth, low=worth, high=worth)

    dots = [dot("slow", 9, 90), dot("best", 2, 90), dot("cheap", 1, 80), dot("bad", 3, 70)]
    assert [one.name for one in pareto_front(dots)] == ["cheap", "best"]


class Shape(HTMLParser):
    """Checks that tags close in order, and counts them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report_has_every_part_once(runs: Runs) -> None:
    page = render(runs, layers=[{"name": "block_1", "sqnr_db": 8.5}])
    shape = Shape(page)
    assert shape.open == []
    # Latency, ratios, two of accuracy, two of operations, two sustained, layers.
    assert shape.counts["svg"] == 9
    # Costs, worths, two confusions.
    assert shape.counts["table"] == 4
    assert "Latency relative to float" in page
    assert "images answered otherwise than by float" in page
    assert "Quantization error by layer" in page
    assert page.count('class="limit"') == 2 * 61


def test_nothing_in_the_file_points_outside_it(runs: Runs) -> None:
    page = render(runs, thumbnail=lambda _: b"\xff\xd8")
    outside = re.findall(r'(?:src|href|action)="(?!data:)[^"]*"|url\(|@import|<script|<link', page)
    assert outside == []
    assert page.count('src="data:image/jpeg;base64,') == 3


def test_names_from_outside_are_text(runs: Runs) -> None:
    page = render(runs)
    assert "<b>fish</b>" not in page
    assert "&lt;b&gt;fish&lt;/b&gt;" in page


def test_a_bare_result_leaves_out_what_was_not_measured(runs: Runs) -> None:
    bare = copy.deepcopy(runs)
    for model in bare[0]["models"]:
        model |= {"quality": None, "profile": None, "sustained": None, "memory": None}
        model["delegation"] = None
    bare[0]["models"] = bare[0]["models"][:1]
    bare[0]["ratios"] = []
    shape = Shape(render(bare))
    assert (shape.counts["svg"], shape.counts["table"]) == (1, 1)


def test_a_phone_without_samples_still_has_its_marks(runs: Runs) -> None:
    phone = copy.deepcopy(runs)
    for model in phone[0]["models"]:
        model["latency"] |= {"p90_ms": None, "p99_ms": None}
        for part in model["latency"]["rounds"]:
            part["timed_ns"] = []
    assert Shape(render(phone)).open == []


def test_unlabelled_sets_are_drawn_by_agreement(runs: Runs) -> None:
    bare = copy.deepcopy(runs)
    for model in bare[0]["models"]:
        model["quality"] |= {"evaluation": None, "paired": None}
    assert "agreement with the first model, %" in render(bare)


def numbers(run: dict[str, Any], *noise: float) -> dict[str, Any]:
    """The run with what two models without a declared meaning answer; `noise` of the second."""
    task = build_task(TaskSpec(kind="tensors"), interface((1, 4)))
    values = np.arange(40.0).reshape(10, 4)
    base, *others = (answers(task, values + one) for one in (0.0, *noise))
    first = Quality(task="tensors", images=10)
    found = [first]
    for other in others:
        agreement = compare(task, other, base).agreement
        found.append(replace(first, base="float", agreement=agreement))
    rows = [copy.deepcopy(run["models"][0]) | {"name": f"m{at}"} for at in range(len(found))]
    for row, quality in zip(rows, found, strict=True):
        row["quality"] = json.loads(json.dumps(quality_document(quality)))
    return run | {"models": rows, "ratios": [], "classes": []}


def test_models_of_numbers_are_drawn_in_decibels_and_have_no_classes(runs: Runs) -> None:
    page = render([numbers(runs[0], 0.1, 0.5)])
    assert Shape(page).open == []
    assert "worst SQNR dB" in page
    assert "signal to noise of the worst output, dB" in page
    for word in ("top-1", "confusion:", "answered otherwise", "Accuracy"):
        assert word not in page
    # Two dots each: the first model, which is its own reference, would be infinitely good.
    assert page.count("<circle") == 2 * 2


def test_a_metric_that_should_be_small_has_its_front_below() -> None:
    def dot(name: str, cost: float, worth: float) -> Dot:
        return Dot(name=name, cost=cost, worth=worth, low=worth, high=worth)

    dots = [dot("slow", 9, 1), dot("cheap", 1, 3), dot("bad", 2, 4)]
    assert [one.name for one in pareto_front(dots, is_less_better=True)] == ["cheap", "slow"]


def test_thumbnails_are_small_jpegs() -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 40:] = (255, 0, 0)
    encoded = thumbnail_of(image, 20)
    assert encoded[:2] == b"\xff\xd8"
    import cv2

    found = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    assert found.shape == (10, 20, 3)
    # Red stays red: blue, green, red in OpenCV's order.
    assert found[5, 17, 2] > 200
    assert found[5, 17, 0] < 60


def test_layers_are_read_from_a_list_or_an_object(tmp_path: Path) -> None:
    path = tmp_path / "layers.json"
    path.write_text('{"layers": [{"name": "a", "sqnr_db": 3}]}')
    assert read_layers(path)[0]["name"] == "a"
    path.write_text('[{"name": "a"}]')
    with pytest.raises(UsageError, match="no list of layers"):
        read_layers(path)
    path.write_text("{")
    with pytest.raises(UsageError, match="is no JSON"):
        read_layers(path)
    with pytest.raises(UsageError, match="cannot read"):
        read_layers(tmp_path / "none.json")


def test_layers_show_their_cause_and_those_without_error_are_left_out(runs: Runs) -> None:
    layers: list[dict[str, Any]] = [
        {"name": "block_1", "sqnr_db": 8.5, "cause": {"label": "wide range", "detail": "x"}},
        {"name": "flawless_7", "sqnr_db": None},
    ]
    page = render(runs, layers=layers)
    assert "wide range" in page
    assert "flawless_7" not in page


def test_the_command_writes_the_file_once(result: BenchRun, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(guarded(report))
    document, page = tmp_path / "r.json", tmp_path / "r.html"
    document.write_text(to_json(to_document([result]), indent=2))
    words = [str(document), str(document), "-o", str(page), "--title", "A & B"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert text.count("<section>") == 2
    assert "<h1>A &amp; B</h1>" in text
    assert CliRunner().invoke(app, words).exit_code == 2
    assert CliRunner().invoke(app, [*words, "--overwrite"]).exit_code == 0
