"""What `edgevision optimize` shows at the end: one table, and what to know of its figures."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.options.integer import render_trials

if TYPE_CHECKING:
    from edgevision.pipeline.report import OptimizeReport


def render(outcome: "OptimizeReport", folder: Path) -> None:
    """The result as a table on stdout, and what a reader should know of its figures."""
    from edgevision.cli.console import megabytes, percent

    latency = outcome.variants[0].latency
    title = f"{outcome.source} on {outcome.images} images of {outcome.proof}"
    on_host = outcome.target == "local"
    p50 = "host p50" if on_host else "p50"
    table = console.new_table(
        "file", "size", "smaller", p50, "of float", "top-1", "agrees", title=title
    )
    whole = outcome.variants[0].facts.size_bytes
    for variant in outcome.variants:
        ratio, found = variant.ratio, variant.comparison
        table.add_row(
            variant.file,
            megabytes(variant.facts.size_bytes),
            "" if ratio is None else f"{whole / variant.facts.size_bytes:.2f}x",
            f"{variant.latency.summary.p50_ms:.2f} ms",
            "" if ratio is None else f"{ratio.ratio:.2f}",
            "-" if variant.accuracy is None else percent(variant.accuracy.value),
            "" if found is None else percent(found.agreement.value),
        )
    console.print_table(table)
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    place = "this machine, not your device" if on_host else outcome.target
    console.print_text(f"{p50}: {latency.runtime}, {threads}, {place}")
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
