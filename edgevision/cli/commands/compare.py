"""`edgevision compare`: two results of `edgevision bench` side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console

if TYPE_CHECKING:
    from edgevision.bench.results.compare import ResultComparison


def compare(
    before: Annotated[Path, typer.Argument(help="Result of edgevision bench -o.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what changed between two results, and warn when they may not be compared."""
    from edgevision.bench.results.compare import compare as compare_results
    from edgevision.bench.results.result import read_results

    comparisons = compare_results(read_results(before), read_results(after))
    if as_json:
        console.print_json({"comparisons": [_plain(one) for one in comparisons]})
        return
    for comparison in comparisons:
        _render(comparison)


def _render(comparison: "ResultComparison") -> None:
    from edgevision.bench.results.tables import figure, heading, milliseconds
    from edgevision.quantities import megabytes

    console.print_text(f"{comparison.before}  ->  {comparison.after}")
    headlines = [
        one.after.quality.headline if one.after.quality else None for one in comparison.pairs
    ]
    named = [heading(one) for one in headlines if one is not None][:1]
    table = console.new_table("model", "size", "p50 ms", "ratio (95 %)", "verdict", *named)
    for pair, headline in zip(comparison.pairs, headlines, strict=True):
        one, other, ratio = pair.before, pair.after, pair.ratio
        ends = f" ({ratio.low:.3f} to {ratio.high:.3f})" if ratio.low and ratio.high else ""
        table.add_row(
            other.name,
            f"{megabytes(one.size.file_bytes)} -> {megabytes(other.size.file_bytes)}",
            f"{milliseconds(one.latency.summary.p50_ms)} -> "
            f"{milliseconds(other.latency.summary.p50_ms)}",
            f"{ratio.ratio:.3f}{ends}",
            ratio.verdict,
            *([figure(headline)] if named else []),
        )
    # What is broken where there is no room is the figure with its interval.
    for column in table.columns[:-1]:
        column.no_wrap = True
    console.print_table(table)
    for pair in comparison.pairs:
        if pair.is_same_file and pair.ratio.verdict != "undecided":
            console.print_text(f"{pair.after.name} is the same file: the machine changed, not it")
    for names, where in ((comparison.only_before, "first"), (comparison.only_after, "second")):
        if names:
            console.print_text(f"only in the {where}: {', '.join(names)}")
    for warning in comparison.warnings:
        console.warn(warning)


def _plain(comparison: "ResultComparison") -> dict[str, object]:
    from edgevision.serialization.encode import to_plain

    return {
        "before": comparison.before,
        "after": comparison.after,
        "warnings": list(comparison.warnings),
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
        "models": [
            {
                "name": pair.after.name,
                "is_same_file": pair.is_same_file,
                "size_bytes": [pair.before.size.file_bytes, pair.after.size.file_bytes],
                "p50_ms": [pair.before.latency.summary.p50_ms, pair.after.latency.summary.p50_ms],
                "ratio": {**to_plain(pair.ratio), "verdict": pair.ratio.verdict},
            }
            for pair in comparison.pairs
        ],
    }
