"""What `edgevision evaluate` prints, for any task."""

import math
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.lines import shown
from edgevision.quantities import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from edgevision.api.evaluate import EvaluateResult
    from edgevision.evaluation.compare import Comparison
    from edgevision.tasks.figures import ClassDrop, ClassRow, Evaluation, Metric, Paired

_MATRIX_CLASSES = 20
"""Classes up to which a confusion matrix is printed; wider ones go to --confusion."""
_MOST_CLASSES = 10
_HEADINGS = {"f1": "F1", "average_precision": "AP"}


def render(result: "EvaluateResult") -> None:
    """The figures of the model, and beside those of the other."""
    from edgevision.quantities import counted

    images = counted(len(result.data), "image")
    console.print_text(f"{result.model.name} on {result.data.name}: {images}")
    if result.evaluation is not None:
        _render_evaluation(result.evaluation)
    if result.comparison is not None and result.against is not None:
        _render_comparison(result.comparison, result.against.name)


def _render_evaluation(evaluation: "Evaluation") -> None:
    """The marks, the confusion matrix of a few classes, and the figures of each class."""
    print_metrics(evaluation.metrics)
    seen = [row for row in evaluation.classes if row.support]
    if not seen:
        return
    if len(evaluation.classes) <= _MATRIX_CLASSES:
        if evaluation.confusion is not None:
            console.print_table(_matrix(evaluation))
    else:
        last = list(seen[0].figures)[-1]
        seen = sorted(seen, key=lambda row: (row.figures[last], row.label))[:_MOST_CLASSES]
        console.print_text(f"the ten classes with the lowest {_HEADINGS.get(last, last)}:")
    console.print_table(_classes(seen))


def _render_comparison(comparison: "Comparison", against: str) -> None:
    """How far the two agree, what each is marked, and which classes lost most."""
    console.print_text(f"against {against}:")
    print_metrics(comparison.agreement.metrics)
    if comparison.ours is not None and comparison.reference is not None:
        width = _width(comparison.ours.metrics)
        for mine in comparison.ours.metrics:
            other = comparison.reference.metric(mine.name)
            if other is not None:
                console.print_text(f"{mine.heading:<{width}}{_beside(mine, other)}")
    if comparison.paired is not None:
        console.print_text(_drop(comparison.paired, comparison.ours))
        lost = [one for one in comparison.paired.class_drops if one.drop > 0][:5]
        if lost:
            console.print_table(_lost(lost))


def print_metrics(metrics: "Sequence[Metric]") -> None:
    """A line for each figure, with its interval."""
    from edgevision.evaluation.figure_text import metric_text

    width = _width(metrics)
    for one in metrics:
        console.print_text(f"{shown(one.heading, width - 2):<{width}}{metric_text(one)}")


def _width(metrics: "Sequence[Metric]") -> int:
    # As wide as "macro F1  ", and no wider than leaves room for a figure.
    return max(10, *(min(36, len(one.heading) + 2) for one in metrics))


def _beside(mine: "Metric", other: "Metric") -> str:
    from edgevision.evaluation.figure_text import number_text

    ours, reference = mine.estimate.value, other.estimate.value
    # As `metric_text` has it: percents are counted, an F1 is not.
    if mine.unit == "share" and mine.estimate.hits is not None:
        return (
            f"{percent(ours)}, the other {percent(reference)}: "
            f"{100 * (ours - reference):+.1f} points"
        )
    return f"{number_text(mine, ours)}, the other {number_text(mine, reference)}"


def _drop(paired: "Paired", evaluation: "Evaluation | None") -> str:
    from edgevision.evaluation.figure_text import drop_text

    metric = evaluation.metric(paired.metric) if evaluation is not None else None
    text = f"lost      {drop_text(paired.drop, 'share' if metric is None else metric.unit)}"
    if paired.p_value is not None:
        text += f", McNemar p = {paired.p_value:.2g}"
    return text


def _matrix(evaluation: "Evaluation") -> "Table":
    confusion = evaluation.confusion
    assert confusion is not None  # noqa: S101 - the caller looked
    table = console.new_table("label \\ answer", *(str(label) for label in range(len(confusion))))
    for label, row in enumerate(confusion):
        cells = (str(int(cell)) if cell else "." for cell in row)
        table.add_row(f"{label} {evaluation.classes[label].name[:14]}", *cells)
    return table


def _classes(rows: "Sequence[ClassRow]") -> "Table":
    table = console.new_table("class", "images", *(_HEADINGS.get(n, n) for n in rows[0].figures))
    for row in rows:
        shares = row.figures.values()
        cells = ["-" if math.isnan(share) else f"{share:.3f}" for share in shares]
        table.add_row(row.name, str(row.support), *cells)
    return table


def _lost(drops: "Sequence[ClassDrop]") -> "Table":
    table = console.new_table("lost most", "images", "this file", "the other")
    for one in drops:
        ours, reference = percent(one.ours), percent(one.reference)
        table.add_row(one.name, str(one.support), ours, reference)
    return table
