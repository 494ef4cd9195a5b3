"""A result as table rows for people; drawing them is the caller's."""

import math
from collections.abc import Sequence

from edgevision.bench.results.result import BenchRun, Measured
from edgevision.metrics.estimate import Estimate
from edgevision.quantities import megabytes
from edgevision.tasks.figures import Metric

Rows = list[tuple[str, ...]]
Table = tuple[tuple[str, ...], Rows]
"""Header and rows."""


def all_tables(result: BenchRun) -> tuple[Table, ...]:
    """The tables of one machine that have rows."""
    tables = (start_rows(result), latency_rows(result), work_rows(result), quality_rows(result))
    operations = tuple(operation_rows(one) for one in result.models if one.profile)
    return tuple(table for table in (*tables, *operations) if table[1])


def machine_rows(results: Sequence[BenchRun]) -> Table:
    """One row a model, one column a machine: p50 on all of them."""
    names = dict.fromkeys(measured.name for result in results for measured in result.models)
    header = ("p50 ms", *(f"{result.target} ({result.host.title})" for result in results))
    rows: Rows = []
    for name in names:
        found = [
            next((one for one in result.models if one.name == name), None) for result in results
        ]
        cells = [milliseconds(one.latency.summary.p50_ms) if one else "-" for one in found]
        rows.append((name, *cells))
    return header, rows


def start_rows(result: BenchRun) -> Table:
    """One row a model: what it takes until the first answer."""
    header = ("model", "size", "zipped", "memory", "init ms", "first ms", "warm-up runs")
    rows: Rows = []
    for measured in result.models:
        latency, memory = measured.latency, measured.memory
        rows.append(
            (
                measured.name,
                megabytes(measured.size.file_bytes),
                megabytes(measured.size.zipped_bytes),
                megabytes(memory.model_bytes) if memory and memory.model_bytes else "-",
                milliseconds(latency.init_ms),
                milliseconds(latency.first_ms),
                "?" if latency.warmup_runs is None else str(latency.warmup_runs),
            )
        )
    return header, rows


def work_rows(result: BenchRun) -> Table:
    """One row a model: its arithmetic, and who does it."""
    header = ("model", "runtime", "M multiply-adds", "GOP/s", "operations delegated")
    rows: Rows = [
        (
            measured.name,
            measured.latency.runtime,
            f"{measured.multiply_adds / 1e6:.1f}",
            f"{measured.gops:.1f}",
            str(measured.delegation) if measured.delegation else "not told",
        )
        for measured in result.models
    ]
    return header, rows


def operation_rows(measured: Measured, most: int = 12) -> Table:
    """The slowest operations of a model that was profiled."""
    header = (measured.name, "operation", "ms", "share", "computes in", "runs in")
    assert measured.profile is not None  # noqa: S101 - the caller chose it so
    known = [one for one in measured.profile.operations if one.time_ms is not None]
    rows: Rows = [
        (
            str(one.index),
            f"{one.name} {'x'.join(map(str, one.shape))}",
            f"{one.time_ms:.3f}",
            f"{(one.time_ms or 0) / max(measured.profile.parts_ms, 1e-9):.0%}",
            one.arithmetic,
            {True: "delegate", False: "built-in kernel", None: "-"}[one.delegated],
        )
        for one in sorted(known, key=lambda one: -(one.time_ms or 0))[:most]
    ]
    return header, rows


def latency_rows(result: BenchRun) -> Table:
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


def quality_rows(result: BenchRun) -> Table:
    """One row a model that was asked about images: its task's figures, with their intervals."""
    evaluated = [(one, one.quality) for one in result.models if one.quality is not None]
    marks: dict[str, Metric] = {}
    agreements: dict[str, Metric] = {}
    is_paired = False
    for _, quality in evaluated:
        for metric in quality.evaluation.metrics if quality.evaluation else ():
            marks.setdefault(metric.name, metric)
        if quality.agreement is not None:
            agreements.setdefault(quality.agreement.headline.name, quality.agreement.headline)
        is_paired = is_paired or quality.paired is not None
    headings = [
        # The unit of the first stands for all shares beside it.
        one.heading if at and one.unit == "share" else heading(one)
        for at, one in enumerate(marks.values())
    ]
    header = ["model", *headings, *map(heading, agreements.values())]
    rows: Rows = []
    for measured, quality in evaluated:
        evaluation, agreement = quality.evaluation, quality.agreement
        cells = [figure(evaluation.metric(name) if evaluation else None) for name in marks]
        # What the others are compared with has no difference of its own.
        nothing = "base" if measured.name == result.models[0].name else "-"
        cells += [figure(agreement.metric(name)) if agreement else nothing for name in agreements]
        if is_paired:
            is_share = evaluation is None or evaluation.headline.unit == "share"
            cells.append(interval(quality.paired.drop, is_share) if quality.paired else nothing)
        rows.append((measured.name, *cells))
    if is_paired:
        unit = next((one.unit for one in marks.values()), "share")
        unit = "points" if unit == "share" else unit
        header.append(f"drop, {unit}" if unit else "drop")
    return tuple(header), rows


def heading(metric: Metric) -> str:
    """Of a column: "top-1 %", "worst SQNR dB"."""
    unit = {"share": " %", "": ""}.get(metric.unit, f" {metric.unit}")
    return f"{metric.heading}{unit}"


def figure(metric: Metric | None) -> str:
    """A cell of the column of that heading; "-" when unknown."""
    return "-" if metric is None else interval(metric.estimate, metric.unit == "share")


def interval(estimate: Estimate | None, is_share: bool = True) -> str:
    """Shares in percent, as in "87.1 (84.9 to 89.0)"; "-" when unknown."""
    if estimate is None or math.isnan(estimate.value):
        return "-"
    if math.isinf(estimate.value):
        return "exact"
    if estimate.low is None or estimate.high is None:
        return _number(estimate.value, is_share)
    value, low, high = (
        _number(part, is_share) for part in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})"


def _number(value: float, is_share: bool) -> str:
    return f"{100 * value:.1f}" if is_share else f"{value:.4g}"


def milliseconds(value: float | None) -> str:
    """Three digits that matter: "0.125", "3.24", "112"; "-" when not known."""
    if value is None:
        return "-"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
