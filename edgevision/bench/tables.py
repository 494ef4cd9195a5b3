"""A result as rows and sentences for people; drawing them is the caller's."""

from edgevision.bench.accuracy import Estimate
from edgevision.bench.ratio import Ratio
from edgevision.bench.result import Measured, Result

Rows = list[tuple[str, ...]]
Table = tuple[tuple[str, ...], Rows]
"""Header and rows."""


def start_rows(result: Result) -> Table:
    """One row a model: what it takes until the first answer."""
    header = ("model", "size", "zipped", "init ms", "first ms", "warm-up runs")
    rows: Rows = []
    for measured in result.models:
        latency = measured.latency
        rows.append(
            (
                measured.name,
                megabytes(measured.size.file_bytes),
                megabytes(measured.size.zipped_bytes),
                milliseconds(latency.init_ms),
                milliseconds(latency.first_ms),
                "?" if latency.warmup_runs is None else str(latency.warmup_runs),
            )
        )
    return header, rows


def latency_rows(result: Result) -> Table:
    """One row a model: latency in its steady state."""
    header = ("model", "p50 ms", "p90", "p95", "p99", "min", "spread", "ratio")
    ratios = {ratio.name: ratio for ratio in result.ratios}
    rows: Rows = []
    for measured in result.models:
        summary = measured.latency.summary
        times = (summary.p50_ms, summary.p90_ms, summary.p95_ms, summary.p99_ms, summary.min_ms)
        rows.append(
            (
                measured.name,
                *(milliseconds(time) for time in times),
                f"{summary.spread:.0%}",
                f"{ratios[measured.name].ratio:.3f}" if measured.name in ratios else "1",
            )
        )
    return header, rows


def accuracy_rows(result: Result) -> Table:
    """One row a model that was evaluated: accuracy with its intervals."""
    header = ("model", "top-1 %", "top-5", "F1", "agreement %", "drop, points")
    rows: Rows = []
    for measured in result.models:
        accuracy = measured.accuracy
        if accuracy is None:
            continue
        change = accuracy.change
        rows.append(
            (
                measured.name,
                interval(accuracy.top1),
                interval(accuracy.top5),
                interval(accuracy.macro_f1),
                interval(change.agreement) if change else "-",
                interval(change.drop) if change else "-",
            )
        )
    return header, rows


def sentences(result: Result) -> tuple[str, ...]:
    """What may be concluded, one line each."""
    lines = [ratio_sentence(ratio) for ratio in result.ratios]
    for measured in result.models:
        lines.extend(_accuracy_sentences(measured, result.classes))
    return tuple(lines)


def ratio_sentence(ratio: Ratio) -> str:
    """The verdict with its interval, or why there is none."""
    if ratio.low is None or ratio.high is None:
        return (
            f"{ratio.name} / {ratio.base}: {ratio.ratio:.3f}; "
            f"{ratio.rounds} rounds are too few for an interval"
        )
    words = {
        "undecided": "no difference shown",
        "faster": f"{ratio.name} is faster",
        "slower": f"{ratio.name} is slower",
    }[ratio.verdict]
    return (
        f"{ratio.name} / {ratio.base}: {ratio.ratio:.3f} "
        f"({ratio.confidence:.0%}: {ratio.low:.3f} to {ratio.high:.3f}), {words}"
    )


def _accuracy_sentences(measured: Measured, classes: tuple[str, ...]) -> list[str]:
    change = measured.accuracy.change if measured.accuracy else None
    if change is None or change.drop is None or change.p_value is None:
        return []
    shown = "shown" if change.p_value < 0.05 else "not shown"
    lines = [f"{measured.name}: a change in accuracy is {shown} (McNemar p = {change.p_value:.2g})"]
    if change.images_for_a_point:
        lines[0] += f"; to see 1 point takes about {change.images_for_a_point} images"
    if change.class_drops:
        worst = ", ".join(
            f"{classes[one.label] if one.label < len(classes) else one.label} "
            f"-{100 * one.drop:.0f} points of {one.images}"
            for one in change.class_drops[:3]
        )
        lines.append(f"{measured.name}: classes that lost most: {worst}")
    return lines


def interval(estimate: Estimate | None) -> str:
    """In percent, as in "87.1 (84.9 to 89.0)"; "-" when unknown."""
    if estimate is None:
        return "-"
    value, low, high = (100 * part for part in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def milliseconds(value: float) -> str:
    """Three digits that matter: "0.125", "3.24", "112"."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def megabytes(size_bytes: float) -> str:
    """A file size: "3.62 MB", "98.4 kB"."""
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"
