"""`edgevision evaluate`: how right a model is on annotated images, and how far from another."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.photos import usage_told
from edgevision.cli.options.preprocessing import PreprocessingOptions
from edgevision.cli.options.task import Task, declared_task
from edgevision.cli.show.evaluation_lines import render_comparison, render_evaluation

if TYPE_CHECKING:
    from edgevision.dataset.imageset import ImageSet
    from edgevision.tasks.figures import Evaluation
    from edgevision.tasks.task import Task as TaskOf

SCHEMA_VERSION = 2
"""Of the JSON document.

1  2026-11: rates as {"value", "hits", "count", "interval"}, those of a classifier at the top.
2  2026-11: the shape of `evaluation.document`, for any task; figures are under "metrics".
"""


@spread_groups
def evaluate(
    model: options.Model,
    *,
    data: Annotated[Path, typer.Option(help="Image set.", show_default=False)],
    labels: options.Labels = None,
    against: Annotated[
        Path | None, typer.Option(help="Another .tflite, usually the float one, to compare with.")
    ] = None,
    task: Task = None,
    preprocessing: PreprocessingOptions,
    confusion: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix (CSV) here.")
    ] = None,
    overwrite: options.Overwrite = False,
    threads: options.Threads = None,
    as_json: options.Json = False,
) -> None:
    """How right a model is by its task, as accuracy and confusion matrix; --against also agreement.

    Preprocessing is what each model's card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 4 for bad images or labels, 5 for a bad model.
    """
    from edgevision.errors import UsageError
    from edgevision.evaluation.compare import compare
    from edgevision.evaluation.document import comparison_document, evaluation_document
    from edgevision.evaluation.evaluate import can_evaluate
    from edgevision.evaluation.evaluate import evaluate as mark
    from edgevision.evaluation.run_file import answers_of, task_of_both, task_of_file, task_of_twin
    from edgevision.files import refuse_to_replace

    if confusion is not None:
        refuse_to_replace(confusion, overwrite=overwrite)
    declared = preprocessing.declared()
    usage = usage_told(model, declared)
    other = usage_told(against, declared) if against else None
    images = _open(data, labels, usage.labels, for_confusion=confusion is not None)
    found = task_of_file(
        model,
        preprocessing=usage.preprocessing,
        declared=declared_task(task),
        card=usage.task,
        images=images,
    )
    _refuse_confusion(confusion, found.task)
    with console.progress_bar() as progress:
        run = functools.partial(answers_of, images=images, threads=threads, progress=progress)
        ours = run(model, usage.preprocessing, found.task, stage=model.name)
        evaluation = comparison = None
        if against is None or other is None or can_evaluate(found.task, ours):
            evaluation = mark(found.task, ours)
        if against is not None and other is not None:
            twin = task_of_twin(found.task, against, other.preprocessing)
            both = task_of_both(found.task, twin, model, usage.preprocessing)
            reference = run(against, other.preprocessing, twin, stage=against.name)
            try:
                comparison = compare(both, ours, reference)
            except ValueError as error:
                message = f"{model} and {against} cannot be compared: {error}"
                raise UsageError(message) from error
    names = found.task.spec.labels
    if confusion is not None and evaluation is not None:
        _write_confusion(confusion, evaluation, overwrite=overwrite)
        console.note(f"wrote {confusion}")
    if as_json:
        document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "model": str(model),
            "data": str(images.path),
            "task": found.task.spec.kind,
            "images": len(images),
            "labels": names,
        }
        if evaluation is not None:
            document |= evaluation_document(evaluation)
        if comparison is not None:
            document["against"] = {"model": str(against), **comparison_document(comparison)}
        console.print_json(document)
        return
    console.print_text(f"{model.name} on {images.name}: {len(images)} images")
    if not found.is_declared:
        console.note(f"taken for {found.task.spec.kind}: {found.reason}")
    if evaluation is not None:
        render_evaluation(evaluation)
    if comparison is not None:
        render_comparison(comparison, against.name if against else "")


def _open(
    data: Path, labels: Path | None, names: tuple[str, ...], *, for_confusion: bool
) -> "ImageSet":
    from edgevision.dataset.formats.open_set import open_image_set
    from edgevision.errors import UsageError

    images = open_image_set(data, labels=labels, class_names=names)
    options.say_skipped(images)
    if for_confusion and not images.is_labelled:
        message = "a confusion matrix needs labelled images"
        raise UsageError(message, hint="one folder a class, or a labels.csv")
    return images


def _refuse_confusion(confusion: Path | None, task: "TaskOf") -> None:
    from edgevision.dataset.annotation import ClassLabel
    from edgevision.errors import UsageError

    if confusion is not None and task.truth is not ClassLabel:
        message = f"the task {task.spec.kind} has no confusion matrix: no image has one class"
        raise UsageError(message, hint="leave --confusion away, or --task classification")


def _write_confusion(path: Path, evaluation: "Evaluation", *, overwrite: bool) -> None:
    import csv
    import io

    from edgevision.errors import UsageError
    from edgevision.files import write_text

    if evaluation.confusion is None:
        message = f"a confusion matrix of {len(evaluation.classes)} classes is not made"
        raise UsageError(message, hint="leave --confusion away; --json has the cells that count")
    names = [row.name for row in evaluation.classes]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label \\ answer", *names])
    for name, row in zip(names, evaluation.confusion, strict=True):
        writer.writerow([name, *(int(cell) for cell in row)])
    write_text(path, text.getvalue(), overwrite=overwrite)
