"""What `edgevision optimize` shows at the end: one table, and what to know of its figures."""

from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.trials_table import render_trials

if TYPE_CHECKING:
    from edgevision.api.optimize import OptimizeResult


def render(result: "OptimizeResult") -> None:
    """The result as a table on stdout, and what a reader should know of its figures."""
    from edgevision.api.optimize_table import latency_remark, optimize_table, title

    report = result.report
    header, rows = optimize_table(report)
    table = console.new_table(*header, title=title(report))
    for row in rows:
        table.add_row(*row)
    console.print_table(table)
    console.print_text(latency_remark(report))
    if report.choice is not None:
        console.print_text(f"preprocess: {report.choice}")
    if report.proof_role == "calibration":
        console.print_text(
            "figures are on the calibration images, which flatters them: add --eval PHOTOS"
        )
    for variant in report.variants:
        if variant.reached is not None:
            console.print_text(f"{variant.file}, in search of the target:")
            render_trials(variant.reached)
        if variant.skipped:
            named = ", ".join(sorted({skipped.operator for skipped in variant.skipped}))
            console.print_text(f"{variant.file}: left in float: {named}")
    if report.stripped:
        console.print_text(f"left out, training only: {', '.join(report.stripped)}")
    console.print_text(f"all in {result.folder}/: report.json, the .tflite files and their cards")
