"""Tasks by name, ours and those of other packages."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from edgevision.errors import MissingDependencyError, UsageError
from edgevision.evaluation.compare import compare
from edgevision.evaluation.document import comparison_document
from edgevision.tasks.classification.task import Classification
from edgevision.tasks.detection.task import Detection
from edgevision.tasks.multilabel.task import MultiLabel
from edgevision.tasks.registry import ENTRY_POINTS, build_task, task_class, task_kinds
from edgevision.tasks.resolve import resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task, answer_of
from edgevision.tasks.tensors import Tensors
from tests.tasks.models import FRAME, answers, model

# mypy holds each of them to the protocol here: the registry finds them by name.
OURS: dict[str, type[Task]] = {
    "classification": Classification,
    "multilabel": MultiLabel,
    "detection": Detection,
    "tensors": Tensors,
}

BRIGHTNESS = '''
"""How bright a picture is, 0 to 1: a task of another package."""

from dataclasses import dataclass, replace

import numpy as np

from edgevision.dataset.annotation import Annotation
from edgevision.metrics.bootstrap import bootstrap_mean
from edgevision.metrics.rate import Rate
from edgevision.metrics.signal import noise_share
from edgevision.tasks.drawing import write_lines
from edgevision.tasks.figures import Agreement, Evaluation, Metric, Paired
from edgevision.tasks.interface import Condensed
from edgevision.tasks.loss import OutputLoss


@dataclass(frozen=True)
class Measured(Annotation):
    value: float


@dataclass(frozen=True)
class Bright:
    frame: object
    value: float
    items = ()

    @property
    def lines(self):
        return (f"{self.value:.2f}",)

    def to_dict(self):
        return {"brightness": self.value}

    def draw(self, picture, notes=()):
        canvas = picture.copy()
        write_lines(canvas, [*self.lines, *notes])
        return canvas


@dataclass(frozen=True)
class Brightness:
    spec: object
    truth = Measured
    label_count = 0
    options = ()

    @classmethod
    def build(cls, spec, model):
        spec.refuse_unknown_options(cls.options)
        return cls(spec)

    def condense(self, outputs):
        return Condensed((outputs[0].reshape(()),))

    def decode(self, condensed, frame):
        return Bright(frame, float(condensed[0]))

    def errors(self, answers):
        truth = np.array([one.value for one in answers.truth_as(Measured)])
        return np.abs(answers.condensed[0] - truth)

    def evaluate(self, answers):
        mae = Metric(name="mae", title="mean absolute error", unit="", higher_is_better=False,
                     estimate=bootstrap_mean(self.errors(answers)))
        return Evaluation(images=len(answers), metrics=(mae,))

    def agreement(self, ours, reference):
        near = np.abs(ours.condensed[0] - reference.condensed[0]) < 0.05
        rate = Rate(hits=int(near.sum()), count=len(near)).estimate
        metric = Metric(name="agreement", title="within 0.05", estimate=rate)
        return Agreement(images=len(ours), metrics=(metric,), meaning="values within 0.05")

    def paired(self, ours, reference):
        drop = bootstrap_mean(self.errors(ours) - self.errors(reference))
        return Paired(metric="mae", drop=drop, p_value=None, images_for_a_point=None)

    def losses(self):
        return (OutputLoss(output=0, before_activation=False, function=noise_share),)
'''


def install(site: Path, name: str, module: str, entry_point: str) -> None:
    """A distribution as pip leaves it: a module and its dist-info."""
    (site / f"{name}.py").write_text(module)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{entry_point}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return tmp_path


def test_each_of_ours_is_found_by_its_name() -> None:
    assert task_kinds()[: len(OURS)] == tuple(OURS)
    for kind, found in OURS.items():
        assert task_class(kind) is found


def test_a_package_adds_a_task_that_works_everywhere(site: Path) -> None:
    install(site, "bright_task", BRIGHTNESS, "brightness = bright_task:Brightness")
    assert "brightness" in task_kinds()
    resolved = resolve_task(model((1, 1)), declared=TaskSpec(kind="brightness"))
    task = resolved.task
    answer = answer_of(task, (np.array([0.25], np.float32),), FRAME)
    assert answer.to_dict() == {"brightness": 0.25}
    assert answer.draw(np.zeros((48, 64, 3), np.uint8), ["9 ms"]).any()

    assert task.truth is not None
    truth = [task.truth(value) for value in (0.2, 0.4, 0.6)]  # type: ignore[call-arg]
    reference = answers(task, np.array([[0.2], [0.4], [0.6]]), truth=truth)
    ours = answers(task, np.array([[0.21], [0.5], [0.6]]), truth=truth)
    found = compare(task, ours, reference)
    assert found.agreement.headline.estimate.hits == 2
    document = json.loads(json.dumps(comparison_document(found), allow_nan=False))
    assert document["ours"]["metrics"]["mae"]["value"] == pytest.approx(0.11 / 3, rel=1e-4)
    assert document["ours"]["metrics"]["mae"]["higher_is_better"] is False
    assert document["paired"]["drop"]["value"] == pytest.approx(0.11 / 3, rel=1e-4)
    assert task.losses()[0].output == 0


def test_names_are_listed_without_running_anybodys_code(site: Path) -> None:
    install(site, "loud_task", "raise RuntimeError('imported')", "loud = loud_task:Loud")
    assert "loud" in task_kinds()
    with pytest.raises(RuntimeError, match="imported"):
        task_class("loud")


def test_no_package_can_take_a_name_of_ours(site: Path) -> None:
    install(site, "thief_task", "raise RuntimeError", "classification = thief_task:Thief")
    assert task_class("classification") is Classification
    assert task_kinds().count("classification") == 1


def test_a_task_that_does_not_import_says_whose_it_is(site: Path) -> None:
    install(site, "broken_task", "import no_such_module", "broken = broken_task:Broken")
    with pytest.raises(MissingDependencyError, match=r"'broken' of broken_task .*no_such_module"):
        build_task(TaskSpec(kind="broken"), model((1, 1)))


def test_an_unknown_task_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown task 'heatmap'"):
        task_class("heatmap")
