"""The files of an `optimize` run side by side, in words for a terminal or a page."""

from edgevision.bench.results.tables import Table
from edgevision.evaluation.figure_text import value_text
from edgevision.pipeline.report import OptimizeReport
from edgevision.quantities import counted, megabytes


def title(report: OptimizeReport) -> str:
    """What was optimized, and on how many images of which set it was measured."""
    return f"{report.source} on {counted(report.images, 'image')} of {report.proof}"


def optimize_table(report: OptimizeReport) -> Table:
    """One row a file: size, latency, accuracy and agreement, beside the float file's."""
    headings, cells = _figures(report)
    header = ("file", "size", "smaller", _latency_name(report), "of float", *headings)
    whole = report.variants[0].facts.size_bytes
    rows: list[tuple[str, ...]] = []
    for variant, figures in zip(report.variants, cells, strict=True):
        ratio = variant.ratio
        rows.append(
            (
                variant.file,
                megabytes(variant.facts.size_bytes),
                "" if ratio is None else f"{whole / variant.facts.size_bytes:.2f}x",
                f"{variant.latency.summary.p50_ms:.2f} ms",
                "" if ratio is None else f"{ratio.ratio:.2f}",
                *figures,
            )
        )
    return header, rows


def _figures(report: OptimizeReport) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and cells, file by file, of accuracy and of agreement with the float file."""
    headings, columns = [], []
    marks = [one.evaluation for one in report.variants]
    known = next((one for one in marks if one is not None), None)
    if known is not None:
        headings.append(known.headline.heading)
        columns.append(["-" if one is None else value_text(one.headline) for one in marks])
    found = [one.comparison for one in report.variants]
    compared = next((one.agreement.headline for one in found if one is not None), None)
    if compared is not None:
        headings.append("agrees" if compared.unit == "share" else compared.heading)
        columns.append(["" if one is None else value_text(one.agreement.headline) for one in found])
    cells = zip(*columns, strict=True) if columns else [()] * len(marks)
    return tuple(headings), tuple(cells)


def difference_table(report: OptimizeReport) -> Table | None:
    """How far the numbers of each file are from the float file's, output by output.

    None where agreement is a share: one figure says that, and it is in the other table.
    """
    compared = [one for one in report.variants if one.comparison is not None]
    agreements = [one.comparison.agreement for one in compared if one.comparison is not None]
    if not agreements or agreements[0].headline.unit == "share":
        return None
    header = ("against float32.tflite", *(one.file for one in compared))
    names = [one.name for one in agreements[0].metrics[1:]]
    rows: list[tuple[str, ...]] = []
    for name in names:
        metrics = [one.metric(name) for one in agreements]
        heading = next(one.heading for one in metrics if one is not None)
        rows.append((heading, *("" if one is None else value_text(one) for one in metrics)))
    return header, rows


def accuracy_remark(report: OptimizeReport) -> str:
    """Why there is no accuracy where the task has one; else empty."""
    is_measured = any(one.evaluation is not None for one in report.variants)
    if report.task.task.truth is None or is_measured:
        return ""
    return f"accuracy: not measured, {report.proof} has no labels"


def latency_remark(report: OptimizeReport) -> str:
    """Where and how the files were timed."""
    latency = report.variants[0].latency
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    here = report.target == "local"
    where = "this machine, not your device" if here else report.target
    return f"{_latency_name(report)}: {latency.runtime}, {threads}, {where}"


def _latency_name(report: OptimizeReport) -> str:
    return "host p50" if report.target == "local" else "p50"
