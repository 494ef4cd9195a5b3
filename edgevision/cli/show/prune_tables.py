"""What `edgevision prune` prints."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.quantities import megabytes, percent

if TYPE_CHECKING:
    from edgevision.api.prune import PruneResult
    from edgevision.compress.plan import PruningPlan
    from edgevision.compress.report import PruneReport, Totals

_MEASURES = {"channels": "channels", "macs": "multiply-adds", "params": "parameters"}


def render(result: "PruneResult") -> None:
    """What was done, or what a dry run predicts."""
    if result.file is None:
        _render_ladder(result.report, result.plan)  # type: ignore[arg-type] # zeros are not predicted
    else:
        _render_result(result.report, result.file)


def _render_ladder(report: "PruneReport", plan: "PruningPlan") -> None:
    """What each share would come to, in all and by layer."""
    named = _MEASURES[plan.target.measure]
    table = console.new_table(f"{named} removed", "parameters", "multiply-adds", "int8 file")
    for fraction, totals in zip(
        (0.0, *report.fractions), (report.before, *report.after), strict=True
    ):
        table.add_row(percent(fraction, 0), *_totals(totals, report.before))
    console.print_table(table)
    shares = [percent(fraction, 0) for fraction in report.fractions]
    layers = console.new_table(
        "layer", "channels", *shares, "stays because", left=["stays because"]
    )
    for row in report.layers:
        if row.channels is not None:
            left = [str(count) for count in row.channels_left]
            layers.add_row(row.layer, str(row.channels), *left, "; ".join(row.stays_because))
    console.print_table(layers)
    for sentence in report.out_of_reach:
        console.note(sentence)
    console.print_text("Sizes of int8 files are expected ones. Accuracy is not predicted.")


def _render_result(report: "PruneReport", output: Path) -> None:
    """What was done."""
    [after] = report.after
    table = console.new_table("", "parameters", "multiply-adds", "int8 file (expected)")
    table.add_row("before", *_totals(report.before, report.before))
    table.add_row("after", *_totals(after, report.before))
    console.print_table(table)
    staying = {reason for row in report.layers for reason in row.stays_because}
    for reason in sorted(staying - {"is an output of the model"}):
        names = [row.layer for row in report.layers if reason in row.stays_because]
        console.note(f"left alone: {', '.join(names)}: {reason}")
    if report.sparsity is not None:
        zeros = report.sparsity
        console.print_text(
            f"zeros: {percent(zeros.zeros / zeros.weights)} of {zeros.weights:,} weights; "
            f"float weights {megabytes(zeros.file_bytes)} as they are, "
            f"{megabytes(zeros.zipped_bytes)} zipped"
        )
    for training in report.trainings:
        console.print_text(
            f"{training.score_name} on {training.held_out_images} held-out images: "
            f"{_score(training.score_name, training.score_before)} before fine-tuning, "
            f"{_score(training.score_name, training.score)} after "
            f"(epoch {training.best_epoch} of {training.epochs}, "
            f"{training.training_images} images)"
        )
    if not report.trainings:
        console.note("nothing was trained: accuracy will have suffered. --train IMAGES recovers it")
    console.print_text(f"{output}: {megabytes(output.stat().st_size)}")


def _totals(totals: "Totals", base: "Totals") -> tuple[str, str, str]:
    def with_share(text: str, value: int, whole: int) -> str:
        return text if value == whole or not whole else f"{text} ({100 * value / whole:.0f} %)"

    return (
        with_share(f"{totals.parameters:,}", totals.parameters, base.parameters),
        with_share(f"{totals.macs / 1e6:,.1f} M", totals.macs, base.macs),
        with_share(megabytes(totals.int8_bytes), totals.int8_bytes, base.int8_bytes),
    )


def _score(name: str, score: float) -> str:
    return f"{score:.4g}" if name == "negative error" else percent(score)
