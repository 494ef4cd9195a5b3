"""The files of an `optimize` run side by side, in words for a terminal or a page."""

from edgevision.bench.results.tables import Table, megabytes
from edgevision.pipeline.report import OptimizeReport


def title(report: OptimizeReport) -> str:
    """What was optimized, and on how many images of which set it was measured."""
    return f"{report.source} on {report.images} images of {report.proof}"


def optimize_table(report: OptimizeReport) -> Table:
    """One row a file: size, latency, accuracy and agreement, beside the float file's."""
    p50 = _latency_name(report)
    header = ("file", "size", "smaller", p50, "of float", "top-1", "agrees")
    whole = report.variants[0].facts.size_bytes
    rows: list[tuple[str, ...]] = []
    for variant in report.variants:
        ratio, found, accuracy = variant.ratio, variant.comparison, variant.accuracy
        rows.append(
            (
                variant.file,
                megabytes(variant.facts.size_bytes),
                "" if ratio is None else f"{whole / variant.facts.size_bytes:.2f}x",
                f"{variant.latency.summary.p50_ms:.2f} ms",
                "" if ratio is None else f"{ratio.ratio:.2f}",
                "-" if accuracy is None else f"{100 * accuracy.value:.1f} %",
                "" if found is None else f"{100 * found.agreement.value:.1f} %",
            )
        )
    return header, rows


def latency_remark(report: OptimizeReport) -> str:
    """Where and how the files were timed."""
    latency = report.variants[0].latency
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    here = report.target == "local"
    where = "this machine, not your device" if here else report.target
    return f"{_latency_name(report)}: {latency.runtime}, {threads}, {where}"


def _latency_name(report: OptimizeReport) -> str:
    return "host p50" if report.target == "local" else "p50"
