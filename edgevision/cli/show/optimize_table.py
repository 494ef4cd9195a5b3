"""What `edgevision optimize` shows at the end: one table, and what to know of its figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.options.integer import render_trials
from edgevision.cli.show.evaluation_lines import print_metrics, value_text

if TYPE_CHECKING:
    from edgevision.pipeline.report import OptimizeReport, Variant


def render(outcome: "OptimizeReport", folder: Path) -> None:
    """The result as a table on stdout, and what a reader should know of its figures."""
    from edgevision.cli.console import megabytes

    latency = outcome.variants[0].latency
    title = f"{outcome.source} on {outcome.images} images of {outcome.proof}"
    on_host = outcome.target == "local"
    p50 = "host p50" if on_host else "p50"
    headings, cells = _figures(outcome)
    table = console.new_table("file", "size", "smaller", p50, "of float", *headings, title=title)
    whole = outcome.variants[0].facts.size_bytes
    for variant, figures in zip(outcome.variants, cells, strict=True):
        ratio = variant.ratio
        table.add_row(
            variant.file,
            megabytes(variant.facts.size_bytes),
            "" if ratio is None else f"{whole / variant.facts.size_bytes:.2f}x",
            f"{variant.latency.summary.p50_ms:.2f} ms",
            "" if ratio is None else f"{ratio.ratio:.2f}",
            *figures,
        )
    console.print_table(table)
    for variant in outcome.variants:
        _render_agreement(variant)
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    place = "this machine, not your device" if on_host else outcome.target
    console.print_text(f"{p50}: {latency.runtime}, {threads}, {place}")
    if not outcome.task.is_declared:
        console.note(f"taken for {outcome.task.task.spec.kind}: {outcome.task.reason}")
    if outcome.choice is not None:
        console.print_text(f"preprocess: {outcome.choice}")
    if outcome.proof_role == "calibration":
        console.print_text(
            "figures are on the calibration images, which flatters them: add --eval PHOTOS"
        )
    for variant in outcome.variants:
        if variant.reached is not None:
            console.print_text(f"{variant.file}, in search of the target:")
            render_trials(variant.reached)
        if variant.skipped:
            named = ", ".join(sorted({skipped.operator for skipped in variant.skipped}))
            console.print_text(f"{variant.file}: left in float: {named}")
    if outcome.stripped:
        console.print_text(f"left out, training only: {', '.join(outcome.stripped)}")
    console.print_text(f"all in {folder}/: report.json, the .tflite files and their cards")


def _figures(outcome: "OptimizeReport") -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and cells, file by file, of accuracy and of agreement with the float file."""
    headings, columns = [], []
    marks = [one.evaluation for one in outcome.variants]
    if outcome.task.task.truth is not None:
        known = next((one for one in marks if one is not None), None)
        headings.append("accuracy" if known is None else known.headline.heading)
        columns.append(["-" if one is None else value_text(one.headline) for one in marks])
    found = [one.comparison for one in outcome.variants]
    compared = next((one.agreement.headline for one in found if one is not None), None)
    if compared is not None:
        headings.append("agrees" if compared.unit == "share" else compared.heading)
        columns.append(["" if one is None else value_text(one.agreement.headline) for one in found])
    cells = zip(*columns, strict=True) if columns else [()] * len(marks)
    return tuple(headings), tuple(cells)


def _render_agreement(variant: "Variant") -> None:
    """How far numbers are off, output by output: one figure does not say that."""
    if variant.comparison is None:
        return
    headline, *rest = variant.comparison.agreement.metrics
    if headline.unit == "share":
        return
    console.print_text(f"{variant.file} against float32.tflite:")
    print_metrics(rest)
