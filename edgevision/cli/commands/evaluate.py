"""`edgevision evaluate`: how right a model is on labelled images, and how far from another."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options import common as options
from edgevision.cli.options.groups import spread_groups
from edgevision.cli.options.photos import usage_told
from edgevision.cli.options.preprocessing import PreprocessingOptions

if TYPE_CHECKING:
    from edgevision.dataset.imageset import ImageSet
    from edgevision.metrics.rate import Rate
    from edgevision.predictions import Predictions
    from edgevision.preprocess.image_preprocessing import ImagePreprocessing
    from edgevision.verify.agreement import Comparison
    from edgevision.verify.evaluation import Evaluation

_MATRIX_CLASSES = 20
"""Classes up to which a confusion matrix is printed; wider ones go to --confusion."""


@spread_groups
def evaluate(
    model: options.Model,
    *,
    data: Annotated[Path, typer.Option(help="Image set.", show_default=False)],
    labels: options.Labels = None,
    against: Annotated[
        Path | None, typer.Option(help="Another .tflite, usually the float one, to compare with.")
    ] = None,
    preprocessing: PreprocessingOptions,
    confusion: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix (CSV) here.")
    ] = None,
    overwrite: options.Overwrite = False,
    threads: options.Threads = None,
    as_json: options.Json = False,
) -> None:
    """Accuracy, top-5, confusion matrix and F1 of a model; with --against also agreement.

    Preprocessing is what each model's card says. An option given here replaces it, but not the
    normalization of a quantized input: those integers stand for what they were made to.

    Exits with 4 for bad images or labels, 5 for a bad model.
    """
    from edgevision.errors import UsageError
    from edgevision.files import refuse_to_replace
    from edgevision.runtime.session import usable_cpus
    from edgevision.verify.agreement import compare
    from edgevision.verify.documents import comparison_document, evaluation_document
    from edgevision.verify.evaluation import evaluate as mark

    if confusion is not None:
        refuse_to_replace(confusion, overwrite=overwrite)
    declared = preprocessing.declared()
    usage = usage_told(model, declared)
    other = usage_told(against, declared) if against else None
    images = _open(data, labels, usage.labels, for_confusion=confusion is not None)
    with console.progress_bar() as progress:
        run = functools.partial(
            _predictions, images=images, threads=threads or usable_cpus(), progress=progress
        )
        ours = run(model, usage.preprocessing)
        reference = run(against, other.preprocessing) if against and other else None
    evaluation = mark(ours) if images.is_labelled or reference is None else None
    try:
        comparison = compare(ours, reference) if reference else None
    except ValueError as error:
        message = f"{model} and {against} cannot be compared: {error}"
        raise UsageError(message) from error
    names = usage.labels or images.classes
    if confusion is not None and evaluation is not None:
        _write_confusion(confusion, evaluation, names, overwrite=overwrite)
        console.note(f"wrote {confusion}")
    if as_json:
        document = {
            "model": str(model),
            "data": str(images.path),
            "images": len(images),
            "labels": names,
        }
        if evaluation is not None:
            document |= evaluation_document(evaluation)
        if comparison is not None:
            document["against"] = {"model": str(against), **comparison_document(comparison)}
        console.print_json(document)
    else:
        console.print_text(f"{model.name} on {images.name}: {len(images)} images")
        if evaluation is not None:
            _render_evaluation(evaluation, names)
        if comparison is not None:
            _render_comparison(comparison, against.name if against else "", names)


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


def _predictions(
    model: Path,
    preprocessing: "ImagePreprocessing",
    *,
    images: "ImageSet",
    threads: int,
    progress: Any,
) -> "Predictions":
    from edgevision.runtime.predict import predict
    from edgevision.runtime.session import Session

    with Session(model, threads=threads) as session:
        return predict(session, preprocessing, images, progress=progress, stage=model.name)


def _render_evaluation(evaluation: "Evaluation", names: tuple[str, ...]) -> None:
    console.print_text(f"top-1     {_rate(evaluation.top1)}")
    if evaluation.top5 is not None:
        console.print_text(f"top-5     {_rate(evaluation.top5)}")
    low, high = evaluation.macro_f1_interval
    console.print_text(f"macro F1  {evaluation.macro_f1:.3f} (95 %: {low:.3f} to {high:.3f})")
    seen = [report for report in evaluation.classes if report.images]
    if len(evaluation.classes) <= _MATRIX_CLASSES:
        console.print_table(_matrix(evaluation, names))
    else:
        seen = sorted(seen, key=lambda report: (report.f1, report.label))[:10]
        console.print_text("the ten classes with the lowest F1:")
    table = console.new_table("class", "images", "precision", "recall", "F1")
    for report in seen:
        shares = (report.precision, report.recall, report.f1)
        cells = ["-" if share != share else f"{share:.3f}" for share in shares]  # noqa: PLR0124
        table.add_row(_name(names, report.label), str(report.images), *cells)
    console.print_table(table)


def _matrix(evaluation: "Evaluation", names: tuple[str, ...]) -> Any:
    count = len(evaluation.confusion)
    table = console.new_table("label \\ answer", *(str(label) for label in range(count)))
    for label, row in enumerate(evaluation.confusion):
        cells = (str(int(cell)) if cell else "." for cell in row)
        table.add_row(f"{label} {_name(names, label)[:14]}", *cells)
    return table


def _render_comparison(comparison: "Comparison", against: str, names: tuple[str, ...]) -> None:
    console.print_text(f"against {against}:")
    console.print_text(f"agreement {_rate(comparison.agreement)}")
    console.print_text(f"mean KL   {comparison.mean_kl:.4f} nats")
    for title, pair in (("top-1", comparison.top1), ("top-5", comparison.top5)):
        if pair is not None:
            ours, reference = pair
            console.print_text(
                f"{title}     {console.percent(ours.value)}, the other "
                f"{console.percent(reference.value)}: "
                f"{100 * (ours.value - reference.value):+.1f} points"
            )
    lost = [drop for drop in comparison.class_drops if drop.drop > 0][:5]
    if lost:
        table = console.new_table("lost most", "images", "recall", "the other's")
        for drop in lost:
            table.add_row(
                _name(names, drop.label),
                str(drop.ours.count),
                console.percent(drop.ours.value),
                console.percent(drop.reference.value),
            )
        console.print_table(table)


def _write_confusion(
    path: Path, evaluation: "Evaluation", names: tuple[str, ...], *, overwrite: bool
) -> None:
    import csv
    import io

    from edgevision.files import write_text

    count = len(evaluation.confusion)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label \\ answer", *(_name(names, label) for label in range(count))])
    for label, row in enumerate(evaluation.confusion):
        writer.writerow([_name(names, label), *(int(cell) for cell in row)])
    write_text(path, text.getvalue(), overwrite=overwrite)


def _rate(rate: "Rate") -> str:
    low, high = rate.interval
    return (
        f"{console.percent(rate.value)} ({rate.hits} of {rate.count}; "
        f"95 %: {console.percent(low)} to {console.percent(high)})"
    )


def _name(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else f"class {label}"
