"""What `edgevision evaluate` prints."""

from typing import TYPE_CHECKING, Any

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.api.evaluate import EvaluateResult
    from edgevision.metrics.rate import Rate
    from edgevision.verify.agreement import Comparison
    from edgevision.verify.evaluation import Evaluation

_MATRIX_CLASSES = 20
"""Classes up to which a confusion matrix is printed; wider ones go to --confusion."""


def render(result: "EvaluateResult") -> None:
    """The figures of the model, and beside those of the other."""
    console.print_text(f"{result.model.name} on {result.data.name}: {len(result.data)} images")
    if result.evaluation is not None:
        _render_evaluation(result.evaluation, result.labels)
    if result.comparison is not None and result.against is not None:
        _render_comparison(result.comparison, result.against.name, result.labels)


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


def _rate(rate: "Rate") -> str:
    low, high = rate.interval
    return (
        f"{console.percent(rate.value)} ({rate.hits} of {rate.count}; "
        f"95 %: {console.percent(low)} to {console.percent(high)})"
    )


def _name(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else f"class {label}"
