"""`evaluate`: how right a model is on annotated images, and how far from another."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.api.arguments.images import ImagesLike, image_set
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
)
from edgevision.api.arguments.task import declared_task
from edgevision.api.arguments.unused import refuse_below_one
from edgevision.api.html import card
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.evaluation.compare import Comparison, compare
from edgevision.evaluation.document import comparison_document, evaluation_document
from edgevision.evaluation.evaluate import can_evaluate
from edgevision.evaluation.evaluate import evaluate as mark
from edgevision.evaluation.figure_text import metric_text
from edgevision.evaluation.run_file import answers_of, task_of_both, task_of_file, task_of_twin
from edgevision.files import refuse_to_replace, write_text
from edgevision.progress import Progress, silent
from edgevision.quantities import counted
from edgevision.tasks.figures import Evaluation
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import chooses_one_class

SCHEMA_VERSION = 2
"""Of the JSON document.

1  2026-11: rates as {"value", "hits", "count", "interval"}, those of a classifier at the top.
2  2026-11: the shape of `evaluation.document`, for any task; figures are under "metrics".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateResult:
    """A model's figures on an image set, and its agreement with another model."""

    model: Path
    data: ImageSet
    task: TaskSpec
    """What the outputs were taken for."""
    evaluation: Evaluation | None
    """Accuracy, F1, confusion, ...; None for images without truth that are only compared on."""
    against: Path | None = None
    comparison: Comparison | None = None
    """With `against`; None without it."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values: what `edgevision evaluate --json` prints."""
        document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "model": str(self.model),
            "data": str(self.data.path),
            "task": self.task.kind,
            "images": len(self.data),
            "labels": self.task.labels,
        }
        if self.evaluation is not None:
            document |= evaluation_document(self.evaluation)
        if self.comparison is not None:
            compared = comparison_document(self.comparison)
            document["against"] = {"model": str(self.against), **compared}
        return document

    def confusion_csv(self) -> str:
        """The confusion matrix as CSV: a row a label, a column an answer.

        Raises:
            UsageError: the images are not labelled, or there are too many classes for a matrix.
        """
        if self.evaluation is None:
            raise _needs_labels()
        if self.evaluation.confusion is None:
            message = f"a confusion matrix of {len(self.evaluation.classes)} classes is not made"
            raise UsageError(message, hint="leave --confusion away")
        names = [row.name for row in self.evaluation.classes]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["label \\ answer", *names])
        for name, row in zip(names, self.evaluation.confusion, strict=True):
            writer.writerow([name, *(int(cell) for cell in row)])
        return text.getvalue()

    def _repr_html_(self) -> str:
        marks = () if self.evaluation is None else self.evaluation.metrics
        rows = [(one.heading, metric_text(one)) for one in marks]
        if self.comparison is not None and self.against is not None:
            beside, metrics = self.against.name, self.comparison.agreement.metrics
            rows += [(f"{one.heading}, beside {beside}", metric_text(one)) for one in metrics]
        title = f"{self.model.name} on {self.data.name}: {counted(len(self.data), 'image')}"
        table = (("", "95 %"), rows)
        return card(title, table, remarks=self.notes, warnings=self.warnings, holds_words=True)


def evaluate(
    model: str | Path,
    data: ImagesLike,
    *,
    labels: str | Path | None = None,
    against: str | Path | None = None,
    task: str | None = None,
    preprocessing: PreprocessingLike | None = None,
    confusion: str | Path | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    notify: Notify = unheard,
) -> EvaluateResult:
    """Measure how right a model is by its task, as accuracy and F1; with `against` also agreement.

    Args:
        model: a `.tflite` file.
        data: the images, annotated unless `against` is given.
        labels: their labels.csv (file,label), or class names one a line.
        against: another `.tflite`, usually the float one, to compare with.
        task: what the outputs mean, in place of what the card or the file says: "classification",
            "multilabel", "detection", "tensors", or an installed package's.
        preprocessing: how images become input, in place of what each model's card says; the
            normalization of a quantized input stays.
        confusion: write the confusion matrix (CSV) here.
        threads: of the runtime; all usable CPUs unless given.
        overwrite: replace what is there.
        progress: told of each image.
        notify: told of notes and warnings as they come; the result has them too.

    Returns:
        The figures with their 95 % intervals.

    Raises:
        UsageError: the two models cannot be compared, or the preprocessing is not known.
        ImageSetError: images or labels are bad or missing.
        ModelError: a model is damaged, or its outputs do not fit its task.

    Example:
        >>> import edgevision as ev
        >>> result = ev.evaluate("int8.tflite", "held-out/", against="float32.tflite")
        >>> result.evaluation.metric("top1").estimate.value
        1.0
        >>> result.comparison.agreement.headline.estimate.value
        1.0
    """
    messages = Messages(notify=notify)
    path, other = Path(model), None if against is None else Path(against)
    refuse_below_one("threads", threads)
    if confusion is not None:
        refuse_to_replace(Path(confusion), overwrite=overwrite)
    declared = declared_preprocessing(preprocessing)
    ours_io = model_io(path, declared, messages)
    other_io = None if other is None else model_io(other, declared, messages)
    images = image_set(data, messages, labels=labels, class_names=ours_io.labels)
    if confusion is not None and not images.is_labelled:
        raise _needs_labels()
    found = task_of_file(
        path,
        preprocessing=ours_io.preprocessing,
        declared=declared_task(task),
        card=ours_io.task,
        images=images,
    )
    kind = found.task.spec.kind
    if confusion is not None and not chooses_one_class(found.task):
        message = f"the task {kind} has no confusion matrix: no image has one class"
        raise UsageError(message, hint="leave --confusion away, or say what it answers: --task")
    if not found.is_declared:
        messages.note(f"taken for {kind}: {found.reason}")
    ours = answers_of(
        path,
        ours_io.preprocessing,
        found.task,
        images,
        threads=threads,
        progress=progress,
        stage=path.name,
    )
    evaluation = comparison = None
    if other is None or can_evaluate(found.task, ours):
        evaluation = mark(found.task, ours)
    if other is not None and other_io is not None:
        twin = task_of_twin(found.task, other, other_io.preprocessing)
        both = task_of_both(found.task, twin, path, ours_io.preprocessing)
        reference = answers_of(
            other,
            other_io.preprocessing,
            twin,
            images,
            threads=threads,
            progress=progress,
            stage=other.name,
        )
        try:
            comparison = compare(both, ours, reference)
        except ValueError as error:
            raise UsageError(f"{path} and {other} cannot be compared: {error}") from error
        for doubt in comparison.agreement.doubts:
            messages.warn(f"{path.name}: {doubt}")
    result = EvaluateResult(
        model=path,
        data=images,
        task=found.task.spec,
        evaluation=evaluation,
        against=other,
        comparison=comparison,
        notes=tuple(messages.notes),
        warnings=tuple(messages.warnings),
    )
    if confusion is not None:
        write_text(Path(confusion), result.confusion_csv(), overwrite=overwrite)
        messages.note(f"wrote {confusion}")
    return result


def _needs_labels() -> UsageError:
    return UsageError(
        "a confusion matrix needs labelled images", hint="one folder a class, or a labels.csv"
    )
