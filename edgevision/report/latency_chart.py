"""How run times are distributed, and how sure the ratios are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgevision.report.axis import horizontal, spanning
from edgevision.report.figure import WIDTH, color, figure
from edgevision.report.markup import Markup, join, tag

_ROW = 54
_LEFT, _RIGHT = 12, 12


def distribution(models: Sequence[Mapping[str, Any]]) -> Markup:
    """One row a model: histogram of its runs, with p50, p90 and p95 marked."""
    ends = [model["latency"][key] for model in models for key in ("min_ms", "p95_ms")]
    axis = spanning(ends, _LEFT, WIDTH - _RIGHT, is_log=True)
    bottom = _ROW * len(models) + 8
    rows = [_row(model, index, axis, _ROW * (index + 1) - 4) for index, model in enumerate(models)]
    return figure(
        "Latency",
        bottom + 38,
        horizontal(axis, bottom, 0, "ms per inference, steady state"),
        *rows,
        note="Tall mark: p50; short marks: p90 and p95. The slowest 5 % of the runs are not drawn.",
    )


def _row(model: Mapping[str, Any], index: int, axis: Any, base: float) -> Markup:
    latency = model["latency"]
    times = np.array([t for part in latency["rounds"] for t in part["timed_ns"]], float) / 1e6
    shape = []
    if times.size:
        edges = np.geomspace(axis.low, axis.high, 160)
        counts, _ = np.histogram(times[times <= latency["p95_ms"]], edges)
        heights = 30 * counts / max(1, counts.max())
        steps = [
            f"{axis(float(edge)):.1f},{base - height:.1f}"
            for left, right, height in zip(edges, edges[1:], heights, strict=False)
            if height
            for edge in (left, right)
        ]
        if steps:
            start, stop = steps[0].split(",")[0], steps[-1].split(",")[0]
            points = " ".join([f"{start},{base}", *steps, f"{stop},{base}"])
            shape = [tag("polygon", points=points, class_=f"fill soft {color(index)}")]
    marks = []
    for key, size in (("p50_ms", 34), ("p90_ms", 14), ("p95_ms", 14)):
        if latency[key] is not None:
            x, kind = axis(latency[key]), f"mark {color(index)}"
            marks.append(tag("line", x1=x, x2=x, y1=base - size, y2=base, class_=kind))
    at = axis(latency["p50_ms"])
    is_right = at > WIDTH * 0.7
    label = tag(
        "text",
        f"{model['name']}  {latency['p50_ms']:.3g} ms",
        x=at - 8 if is_right else at + 8,
        y=base - 34,
        text_anchor="end" if is_right else "start",
        class_="label",
    )
    return join(*shape, *marks, label)


def ratios(run: Mapping[str, Any]) -> Markup:
    """Each model's latency relative to the first, with its interval."""
    known = [one for one in run["ratios"] if one["low"] is not None]
    if not known:
        return Markup("")
    values = [value for one in known for value in (one["low"], one["high"])] + [1.0]
    axis = spanning(values, 200, WIDTH - 90, is_log=True)
    bottom = 30 * len(known) + 6
    names = [model["name"] for model in run["models"]]
    rows = []
    for index, one in enumerate(known):
        y = 30 * index + 20
        kind = color(names.index(one["name"]))
        rows += [
            tag("text", one["name"], x=192, y=y + 4, text_anchor="end"),
            tag(
                "line", x1=axis(one["low"]), x2=axis(one["high"]), y1=y, y2=y, class_=f"bar {kind}"
            ),
            tag("circle", cx=axis(one["ratio"]), cy=y, r=5, class_=f"fill {kind}"),
            tag("text", f"{one['ratio']:.3f}", x=WIDTH - 80, y=y + 4),
        ]
    unity = tag("line", x1=axis(1.0), x2=axis(1.0), y1=0, y2=bottom, class_="unity")
    return figure(
        f"Latency relative to {known[0]['base']}",
        bottom + 38,
        horizontal(axis, bottom, 0, "ratio of medians; left of 1 is faster"),
        unity,
        *rows,
        note=f"With {known[0]['confidence']:.0%} intervals over interleaved rounds.",
    )
