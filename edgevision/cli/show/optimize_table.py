"""What `edgevision optimize` shows at the end: one table, and what to know of its figures."""

from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.show.trials_table import render_trials

if TYPE_CHECKING:
    from edgevision.api.optimize_result import OptimizeResult
    from edgevision.bench.results.tables import Table


def render(result: "OptimizeResult") -> None:
    """The result as a table on stdout, and what a reader should know of its figures."""
    from edgevision.api.optimize_table import (
        accuracy_remark,
        difference_table,
        latency_remark,
        optimize_table,
        title,
    )

    report = result.report
    _print(optimize_table(report), title=title(report))
    differences = difference_table(report)
    if differences is not None:
        _print(differences)
    console.print_text(latency_remark(report))
    if accuracy_remark(report):
        console.print_text(accuracy_remark(report))
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


def _print(table: "Table", title: str = "") -> None:
    header, rows = table
    printed = console.new_table(*header, title=title)
    for row in rows:
        printed.add_row(*row)
    console.print_table(printed)
